package dev.fusedit.trainer.plan;

import dev.fusedit.trainer.recipe.Run;

/// Bytes of a number, by what it is for.
///
/// @param master what the optimizer changes
/// @param compute what matrices are multiplied in
/// @param wide sums, moments, averages, vectors, the inside of norms
record Widths(int master, int compute, int wide) {
    static Widths of(Run.Precision precision) {
        return switch (precision) {
            case AUTO -> throw precision.open();
            case F32 -> new Widths(4, 4, 4);
            case BF16, F16 -> new Widths(4, 2, 4);
            case PURE_BF16 -> new Widths(2, 2, 4);
            case F64 -> new Widths(8, 8, 8);
        };
    }

    /// Of a parameter: its master and its copy, if some stage trains it.
    long stored(ParameterShape shape, boolean trainable) {
        if (shape.isVector()) return wide * shape.count();
        return shape.count() * (!trainable || master == compute ? compute : master + compute);
    }

    /// Of what a checkpoint holds of it.
    long saved(ParameterShape shape, boolean trainable) { return shape.count() * (shape.isVector() ? wide : trainable ? master : compute); }

    /// Of the gradient that a backward pass leaves.
    long gradient(ParameterShape shape) { return shape.count() * (shape.isVector() ? wide : compute); }
}
