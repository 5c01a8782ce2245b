package dev.fusedit.fusion.llm;

import static com.google.common.base.Preconditions.checkArgument;

/// What tells one language model's family from another's, beyond sizes.
public sealed interface Family {
    /// Gemma 1, and PaliGemma's text side: a norm before attention, a norm before the MLP.
    record Gemma() implements Family {}

    /// Gemma 2: norms before and after both; in layers of its own (not in fused ones) a query scale and, in every even layer, a window.
    ///
    /// @param queryScalar scores are divided by its root
    /// @param window keys that a query of a windowed layer sees, itself included
    record Gemma2(double queryScalar, int window) implements Family {
        public Gemma2 {
            checkArgument(queryScalar > 0, "query_pre_attn_scalar must be positive, got %s", queryScalar);
            checkArgument(window > 0, "sliding_window must be positive, got %s", window);
        }
    }

    /// True if there are norms after attention and MLP too.
    default boolean hasSandwichNorms() {
        return switch (this) {
            case Gemma() -> false;
            case Gemma2 _ -> true;
        };
    }
}
