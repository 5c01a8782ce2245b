package dev.fusedit.fusion.llm;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.OptionalDouble;

/// What tells one language model's family from another's, beyond sizes.
public sealed interface Family {
    /// Gemma 1, and PaliGemma's text side: a norm before attention, a norm before the MLP.
    record Gemma() implements Family {}

    /// Gemma 2: norms before and after both; in layers of its own (not in fused ones) a query scale, soft-capped scores and, in every even
    /// layer, a window.
    ///
    /// @param queryScalar scores are divided by its root
    /// @param attentionSoftcap soft-capping of attention scores, 0 for none
    /// @param finalSoftcap soft-capping of the output logits, 0 for none
    record Gemma2(double queryScalar, Windows windows, double attentionSoftcap, double finalSoftcap) implements Family {
        public Gemma2 {
            checkGemma(queryScalar, attentionSoftcap, finalSoftcap);
        }

        /// As the published models have it: windows of 4096, caps of 50 and 30.
        ///
        /// @param queryScalar the head width in the model of 2 billion parameters
        public static Gemma2 usual(double queryScalar, int layers) {
            return new Gemma2(queryScalar, Windows.of(4096, layers, layer -> layer % 2 == 0), 50, 30);
        }
    }

    /// Gemma 3: as Gemma 2, with normed queries and keys in the place of soft-capped scores, and rotary positions of their own in the layers with
    /// a window.
    ///
    /// @param localTheta rotary base of the layers with a window; no scaling applies there
    record Gemma3(double queryScalar, Windows windows, double localTheta, double finalSoftcap) implements Family {
        public Gemma3 {
            checkGemma(queryScalar, 0, finalSoftcap);
            checkArgument(localTheta > 0, "rope_local_base_freq must be positive, got %s", localTheta);
        }

        /// As the small published models have it: windows of 512 but in every sixth layer, no caps.
        ///
        /// @param queryScalar the head width
        public static Gemma3 usual(double queryScalar, int layers) {
            return new Gemma3(queryScalar, Windows.of(512, layers, layer -> (layer + 1) % 6 != 0), 10_000, 0);
        }
    }

    /// Llama 2 and 3: norms multiply by their weight, embeddings are not scaled.
    record Llama(boolean mlpBias) implements Family {}

    /// Qwen 3: as Llama, with normed queries and keys.
    record Qwen3(Windows windows) implements Family {}

    private static void checkGemma(double queryScalar, double attentionSoftcap, double finalSoftcap) {
        checkArgument(queryScalar > 0, "query_pre_attn_scalar must be positive, got %s", queryScalar);
        checkArgument(attentionSoftcap >= 0 && finalSoftcap >= 0, "soft caps must not be negative, got %s and %s", attentionSoftcap,
                finalSoftcap);
    }

    /// True if embeddings are scaled by √M and norms multiply by 1 + weight.
    default boolean isGemma() {
        return switch (this) {
            case Gemma _ -> true;
            case Gemma2 _ -> true;
            case Gemma3 _ -> true;
            case Llama _ -> false;
            case Qwen3 _ -> false;
        };
    }

    /// True if there are norms after attention and MLP too.
    default boolean hasSandwichNorms() {
        return switch (this) {
            case Gemma _ -> false;
            case Llama _ -> false;
            case Qwen3 _ -> false;
            case Gemma2 _ -> true;
            case Gemma3 _ -> true;
        };
    }

    /// True if queries and keys are normed, head by head.
    default boolean hasQueryKeyNorms() {
        return switch (this) {
            case Gemma _ -> false;
            case Gemma2 _ -> false;
            case Llama _ -> false;
            case Gemma3 _ -> true;
            case Qwen3 _ -> true;
        };
    }

    default boolean hasMlpBias() {
        return switch (this) {
            case Gemma _ -> false;
            case Gemma2 _ -> false;
            case Gemma3 _ -> false;
            case Qwen3 _ -> false;
            case Llama(var biased) -> biased;
        };
    }

    /// The rotary base of layers with a window, where it is one of their own; no scaling applies to it.
    default OptionalDouble windowTheta() {
        return switch (this) {
            case Gemma _ -> OptionalDouble.empty();
            case Gemma2 _ -> OptionalDouble.empty();
            case Llama _ -> OptionalDouble.empty();
            case Qwen3 _ -> OptionalDouble.empty();
            case Gemma3 gemma -> OptionalDouble.of(gemma.localTheta);
        };
    }

    default Windows windows() {
        return switch (this) {
            case Gemma _ -> Windows.NONE;
            case Llama _ -> Windows.NONE;
            case Gemma2 gemma -> gemma.windows;
            case Gemma3 gemma -> gemma.windows;
            case Qwen3 qwen -> qwen.windows;
        };
    }

    /// The family with windows for the first few layers only.
    default Family first(int layers) {
        return switch (this) {
            case Gemma _ -> this;
            case Llama _ -> this;
            case Gemma2(var scalar, var windows, var softcap, var finalSoftcap) ->
                    new Gemma2(scalar, windows.first(layers), softcap, finalSoftcap);
            case Gemma3(var scalar, var windows, var theta, var finalSoftcap) ->
                    new Gemma3(scalar, windows.first(layers), theta, finalSoftcap);
            case Qwen3(var windows) -> new Qwen3(windows.first(layers));
        };
    }

    /// What scores are multiplied by in a layer of the family's own.
    default double scale(int headDim) {
        return 1 / Math.sqrt(switch (this) {
            case Gemma _ -> headDim;
            case Llama _ -> headDim;
            case Qwen3 _ -> headDim;
            case Gemma2 gemma -> gemma.queryScalar;
            case Gemma3 gemma -> gemma.queryScalar;
        });
    }

    default double attentionSoftcap() {
        return switch (this) {
            case Gemma _ -> 0;
            case Gemma3 _ -> 0;
            case Llama _ -> 0;
            case Qwen3 _ -> 0;
            case Gemma2 gemma -> gemma.attentionSoftcap;
        };
    }

    default double finalSoftcap() {
        return switch (this) {
            case Gemma _ -> 0;
            case Llama _ -> 0;
            case Qwen3 _ -> 0;
            case Gemma2 gemma -> gemma.finalSoftcap;
            case Gemma3 gemma -> gemma.finalSoftcap;
        };
    }
}
