package dev.fusedit.torch.internal.abi;

/// libtorch's sentence about the last failure on this thread. It is to be read before any other call into libtorch.
final class LastError {
    private LastError() {}

    static String text() {
        if (TorchAbi.WHAT == null) {
            return CudaRefusals.isNew() ? "CUDA out of memory"
                    : "libtorch before 2.13 prints its reason on standard error only";
        }
        try {
            var address = (long) TorchAbi.WHAT.invokeExact();
            return address == 0 ? "no reason given" : NativeMemory.string(address);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }
}
