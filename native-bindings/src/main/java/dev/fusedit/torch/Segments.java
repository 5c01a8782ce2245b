package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.internal.abi.NativeMemory;
import java.lang.foreign.MemorySegment;

/// Copies between tensors and memory segments. They are copies on purpose: a segment over a tensor's memory would outlive it.
public final class Segments {
    private Segments() {}

    /// A CPU tensor with the elements that lie in `segment`, row-major, native byte order.
    public static Tensor tensor(MemorySegment segment, DType dtype, long... shape) {
        return TensorScope.scoped(() -> {
            var result = Tensor.empty(dtype, shape);
            checkSize(segment, result);
            NativeMemory.at(result.memory(), segment.byteSize()).copyFrom(segment);
            return result;
        });
    }

    /// Writes the tensor's elements to `target`, which has exactly their size.
    public static void copy(Tensor tensor, MemorySegment target) {
        HostReads.check("a copy to a segment");
        try (var _ = TensorScope.open()) {
            var host = tensor.detach().to(Device.CPU).contiguous(); // its own reference, which only this thread frees
            checkSize(target, host);
            target.copyFrom(NativeMemory.at(host.memory(), target.byteSize()));
        }
    }

    private static void checkSize(MemorySegment segment, Tensor tensor) {
        var bytes = tensor.numel() * tensor.dtype().bytes();
        checkArgument(segment.byteSize() == bytes, "the segment has %s bytes, the tensor %s", segment.byteSize(), bytes);
    }
}
