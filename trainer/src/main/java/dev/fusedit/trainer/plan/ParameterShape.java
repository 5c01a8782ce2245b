package dev.fusedit.trainer.plan;

import java.util.Arrays;

/// A parameter without its values.
///
/// @param name in the whole model: `dit.layers.0.self_attn.q_proj.weight`
/// @param rank 1 for vectors
/// @param first size of the first dimension: outputs of a matrix or a convolution
/// @param last size of the last dimension
/// @param beforeLast size of the one before; 1 for vectors
record ParameterShape(String name, long count, int rank, long first, long last, long beforeLast) {
    static ParameterShape of(String name, long[] shape) {
        return new ParameterShape(name, Arrays.stream(shape).reduce(1, Math::multiplyExact), shape.length, shape[0],
                shape[shape.length - 1],
                shape.length > 1 ? shape[shape.length - 2] : 1);
    }

    boolean isVector() { return rank <= 1; }

    boolean isLlm() { return name.startsWith("llm."); }

    boolean isDit() { return name.startsWith("dit."); }

    /// Rows of the matrix that an optimizer which factors sees.
    long rows() { return count / last; }
}
