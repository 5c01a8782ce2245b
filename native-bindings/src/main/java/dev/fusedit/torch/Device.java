package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

/// Where a tensor lives: the CPU, or a CUDA device by number.
public record Device(Kind kind, int index) {
    /// Numbers as c10::DeviceType has them.
    public enum Kind { CPU, CUDA }

    public static final Device CPU = new Device(Kind.CPU, -1);

    public Device {
        checkArgument(kind == Kind.CPU ? index == -1 : index >= 0, "bad device index %s", index);
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

    public boolean isCpu() { return kind == Kind.CPU; }

    @Override
    public String toString() { return isCpu() ? "cpu" : "cuda:" + index; }
}
