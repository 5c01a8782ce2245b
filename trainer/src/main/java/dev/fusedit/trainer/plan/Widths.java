package dev.fusedit.trainer.plan;

import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;

/// Bytes of a number, by what it is for.
///
/// @param master what the optimizer changes
/// @param compute what matrices are multiplied in
/// @param wide sums, moments, averages, vectors, the inside of norms
/// @param held of matrices of the language model that nothing trains
record Widths(int master, int compute, int wide, int held) {
    static Widths of(Run.Precision precision) {
        return switch (precision) {
            case AUTO -> throw precision.open();
            case F32 -> new Widths(4, 4, 4, 4);
            case BF16, F16 -> new Widths(4, 2, 4, 2);
            case PURE_BF16 -> new Widths(2, 2, 4, 2);
            case F64 -> new Widths(8, 8, 8, 8);
        };
    }

    /// With what the recipe says of a frozen language model.
    static Widths of(Recipe recipe) {
        var widths = of(recipe.run().precision());
        return new Widths(widths.master, widths.compute, widths.wide, Precisions.of(recipe).frozenOf("llm.").bytes());
    }

    /// Of a parameter: its master and its copy, if some stage trains it.
    long stored(ParameterShape shape, boolean trainable) {
        if (shape.isVector()) return wide * shape.count();
        return shape.count() * (!trainable ? frozen(shape) : master == compute ? compute : master + compute);
    }

    private int frozen(ParameterShape shape) { return shape.isLlm() ? held : compute; }

    /// The copy of a frozen matrix that is there while it is multiplied; of two that are read as one, both.
    long widened(ParameterShape shape, boolean trainable) {
        boolean copied = !trainable && !shape.isVector() && frozen(shape) < compute && !shape.name().contains("embed");
        return copied ? (shape.name().endsWith("gate_proj.weight") ? 2 : 1) * shape.count() * compute : 0;
    }

    /// Of what a checkpoint holds of it.
    long saved(ParameterShape shape, boolean trainable) {
        return shape.count() * (shape.isVector() ? wide : trainable ? master : frozen(shape));
    }

    /// Of the gradient that a backward pass leaves.
    long gradient(ParameterShape shape) { return shape.count() * (shape.isVector() ? wide : compute); }
}
