package dev.fusedit.torch.distributed;

/// What rank 0 says to all others.
public sealed interface Word {
    /// @param bytes what is to be done
    record Message(byte[] bytes) implements Word {}

    /// Nothing more is to be done.
    ///
    /// @param status that rank 0's process ends with
    record End(int status) implements Word {}
}
