package dev.fusedit.torch.cuda;

import dev.fusedit.torch.internal.abi.TorchContext.Switch;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/// By what scaled dot product attention may be computed on a CUDA device: PyTorch's `SDPBackend`. libtorch takes the first allowed one, in its own
/// order, that serves the operands, and refuses the op if none does. A setting of the process.
public enum AttentionKernel {
    FLASH(Switch.FLASH), MEMORY_EFFICIENT(Switch.MEMORY_EFFICIENT), CUDNN(Switch.CUDNN), MATH(Switch.MATH);

    private final Switch allowed;

    AttentionKernel(Switch allowed) { this.allowed = allowed; }

    /// All of them, as PyTorch begins.
    public static Set<AttentionKernel> allowed() {
        return Arrays.stream(values()).filter(kernel -> kernel.allowed.isOn())
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(AttentionKernel.class)));
    }

    public static void allow(Set<AttentionKernel> kernels) {
        for (var kernel : values()) kernel.allowed.set(kernels.contains(kernel));
    }

    /// Only this one until the result is closed, as `torch.nn.attention.sdpa_kernel`.
    public Choice alone() {
        var before = allowed();
        allow(EnumSet.of(this));
        return () -> allow(before);
    }

    @FunctionalInterface
    public interface Choice extends AutoCloseable {
        @Override
        void close();
    }
}
