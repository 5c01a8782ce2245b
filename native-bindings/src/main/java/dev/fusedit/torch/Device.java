package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

/// Where a tensor lives: the CPU, or a CUDA device by number; or nowhere, on libtorch's meta device, where tensors have shapes and no memory.
public record Device(Kind kind, int index) {
    public enum Kind {
        CPU(0), CUDA(1), META(14);

        private final int code;

        Kind(int code) { this.code = code; }

        /// c10::DeviceType's number.
        public int code() { return code; }
    }

    public static final Device CPU = new Device(Kind.CPU, -1);

    /// PyTorch's `torch.device("meta")`: ops give shapes and dtypes, and compute nothing. Who reads a number there gets an error. libtorch's
    /// C++ has no kernel there for some ops, whose kernels PyTorch has in Python: `embedding` and `where` are among them.
    public static final Device META = new Device(Kind.META, -1);

    public Device {
        checkArgument(kind == Kind.CUDA ? index >= 0 : index == -1, "bad device index %s", index);
    }

    public static Device cuda(int index) { return new Device(Kind.CUDA, index); }

    /// `cpu`, `cuda:0`; `cuda` alone is `cuda:0`.
    public static Device parse(String text) {
        checkArgument(text.matches("cpu|cuda(:\\d{1,3})?"), "device must be cpu or cuda:N, got '%s'", text);
        return text.equals("cpu") ? CPU : cuda(text.contains(":") ? Integer.parseInt(text.substring(5)) : 0);
    }

    static Device of(int type, int index) {
        return switch (type) {
            case 0 -> CPU;
            case 1 -> cuda(index);
            case 14 -> META;
            default -> throw new IllegalStateException("device type %d of libtorch is not supported".formatted(type));
        };
    }

    /// This device, if the process's libtorch can use it.
    ///
    /// @throws LibtorchUnavailable for a CUDA device beside a libtorch for the CPU, or where there is no such device
    public Device available() {
        if (kind == Kind.CUDA) {
            CudaSupport.require(this);
        }
        return this;
    }

    /// Whether [#available] would not throw. CUDA's libraries are opened only where the driver knows a device.
    public boolean isAvailable() { return kind != Kind.CUDA || CudaSupport.has(this); }

    public boolean isCpu() { return kind == Kind.CPU; }

    public boolean isMeta() { return kind == Kind.META; }

    @Override
    public String toString() {
        return switch (kind) {
            case CPU -> "cpu";
            case CUDA -> "cuda:" + index;
            case META -> "meta";
        };
    }
}
