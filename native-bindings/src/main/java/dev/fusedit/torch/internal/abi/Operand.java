package dev.fusedit.torch.internal.abi;

/// A tensor as calls take it: its handle (`at::Tensor*`) may be looked at only where nobody can free it meanwhile.
public abstract class Operand {
    /// The handle, where this thread alone can free it; else 0.
    protected abstract long confined();

    /// The handle, which nobody frees before the section has ended; 0 if the tensor is closed.
    protected abstract long guarded(ReadSection section);
}
