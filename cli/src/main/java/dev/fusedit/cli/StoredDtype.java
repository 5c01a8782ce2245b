package dev.fusedit.cli;

import dev.fusedit.torch.DType;

/// What weights are stored in.
enum StoredDtype {
    F32, BF16;

    DType dtype() {
        return switch (this) {
            case F32 -> DType.F32;
            case BF16 -> DType.BF16;
        };
    }
}
