package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;

/// Elements in a row that tensors are views of.
///
/// @param key the storage's name in the file
/// @param first the element where a legacy file's view on the storage begins, else 0
/// @param numel elements of the whole storage
record PtStorage(String key, DType dtype, long first, long numel) {
    PtStorage {
        if (first < 0 || numel < first || numel > Long.MAX_VALUE / 8) {
            throw new PickleException("storage '%s' has %d elements of which the first is %d".formatted(key, numel, first));
        }
    }

    long bytes() { return numel * dtype.bytes(); }

    boolean sameAs(PtStorage other) { return dtype == other.dtype && numel == other.numel; }
}
