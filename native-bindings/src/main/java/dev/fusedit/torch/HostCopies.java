package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.HostMemory;
import dev.fusedit.torch.internal.abi.ReadSection;

/// Copies between Java arrays and tensors.
final class HostCopies {
    private HostCopies() {}

    static void toNative(Object array, Tensor fresh) { HostMemory.write(array, fresh.memory()); }

    static float[] floats(Tensor tensor) { return read(tensor, DType.F32, new float[length(tensor)], HostMemory::read); }

    static double[] doubles(Tensor tensor) { return read(tensor, DType.F64, new double[length(tensor)], HostMemory::read); }

    static long[] longs(Tensor tensor) { return read(tensor, DType.I64, new long[length(tensor)], HostMemory::read); }

    static byte[] bytes(Tensor tensor) {
        if (tensor.dtype().bytes() != 1) {
            throw new IllegalArgumentException("toBytes needs u8, i8 or bool, not " + tensor.dtype());
        }
        return read(tensor, tensor.dtype(), new byte[length(tensor)], HostMemory::read);
    }

    private static int length(Tensor tensor) { return Math.toIntExact(tensor.numel()); }

    @FunctionalInterface
    private interface Reader<A> {
        A read(long address, A target);
    }

    /// What lies on the CPU as an array does is read in its place; else four ops would cost ten times a small tensor's copy.
    private static <A> A read(Tensor tensor, DType dtype, A target, Reader<A> reader) {
        if (tensor.dtypeCode() == dtype.code() && tensor.isContiguous() && tensor.device().isCpu()) {
            try (var _ = ReadSection.enter()) {
                return reader.read(tensor.memory(), target);
            }
        }
        if (tensor.isComplex()) {
            throw new IllegalArgumentException("an array of %s cannot hold %s numbers: viewAsReal() shows both their parts".formatted(dtype,
                    tensor.dtype()));
        }
        try (var _ = TensorScope.open()) {
            return reader.read(tensor.detach().to(Device.CPU).to(dtype).contiguous().memory(), target);
        }
    }
}
