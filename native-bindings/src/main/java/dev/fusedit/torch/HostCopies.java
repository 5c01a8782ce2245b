package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.HostMemory;

/// Copies between Java arrays and tensors.
final class HostCopies {
    private HostCopies() {}

    static void toNative(Object array, Tensor fresh) { HostMemory.write(array, fresh.dataAddress()); }

    static float[] floats(Tensor tensor) {
        try (var _ = TensorScope.open()) {
            return HostMemory.read(host(tensor, DType.F32), new float[length(tensor)]);
        }
    }

    static double[] doubles(Tensor tensor) {
        try (var _ = TensorScope.open()) {
            return HostMemory.read(host(tensor, DType.F64), new double[length(tensor)]);
        }
    }

    static long[] longs(Tensor tensor) {
        try (var _ = TensorScope.open()) {
            return HostMemory.read(host(tensor, DType.I64), new long[length(tensor)]);
        }
    }

    static byte[] bytes(Tensor tensor) {
        if (tensor.dtype().bytes() != 1) {
            throw new IllegalArgumentException("toBytes needs u8, i8 or bool, not " + tensor.dtype());
        }
        try (var _ = TensorScope.open()) {
            return HostMemory.read(host(tensor, tensor.dtype()), new byte[length(tensor)]);
        }
    }

    private static int length(Tensor tensor) { return Math.toIntExact(tensor.numel()); }

    /// The address of the tensor's own elements if they lie as an array does, else of a copy that lives as long as the innermost scope.
    private static long host(Tensor tensor, DType dtype) {
        var isArray = tensor.dtype() == dtype && tensor.isContiguous() && tensor.device().equals(Device.CPU);
        return (isArray ? tensor : tensor.detach().to(Device.CPU).to(dtype).contiguous()).dataAddress();
    }
}
