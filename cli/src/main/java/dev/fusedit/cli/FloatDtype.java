package dev.fusedit.cli;

import dev.fusedit.torch.DType;
import dev.fusedit.trainer.recipe.binding.Names;

/// What weights are stored in, or multiplied in.
enum FloatDtype {
    F32, BF16;

    @Override
    public String toString() { return Names.constant(this); }

    DType dtype() {
        return switch (this) {
            case F32 -> DType.F32;
            case BF16 -> DType.BF16;
        };
    }
}
