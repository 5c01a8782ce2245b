package dev.fusedit.fusion.llm;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.nn.Activation;
import dev.fusedit.nn.ScoreScaling;

/// Sizes of a language model of the Gemma form.
///
/// @param headDim width of a head; heads · headDim need not be the hidden size
/// @param kvHeads key/value heads; the heads are shared among them in equal groups
/// @param initRange deviation of new weights
/// @param attentionBias whether the projections of attention have biases
/// @param tied whether logits use the embedding table
/// @param padId the id whose embedding is 0 in a new model
/// @param softcap whether the family's soft-capping of scores applies. The paper's models were trained with an attention that has none, and
///        so
///        are its baselines' texts; Gemma 2 by itself was trained with it
public record LanguageModelConfig(Family family, int vocabulary, int hidden, int intermediate, int layers, int heads, int kvHeads,
        int headDim,
        double ropeTheta, RopeScaling ropeScaling,
        double normEps, double initRange, boolean attentionBias, Activation activation, boolean tied, int padId, boolean softcap) {
    public LanguageModelConfig {
        checkArgument(vocabulary > 0, "vocabulary must be positive, got %s", vocabulary);
        checkArgument(hidden > 0 && intermediate > 0, "hidden and intermediate sizes must be positive, got %s and %s", hidden,
                intermediate);
        checkArgument(layers > 0, "layers must be positive, got %s", layers);
        checkArgument(kvHeads > 0 && heads > 0 && heads % kvHeads == 0, "heads (%s) must be a multiple of key/value heads (%s)", heads,
                kvHeads);
        checkArgument(headDim > 0 && headDim % 2 == 0, "the head width must be even, got %s", headDim);
        checkArgument(ropeTheta > 0 && normEps >= 0 && initRange >= 0, "bad rope_theta %s, rms_norm_eps %s or initializer_range %s",
                ropeTheta, normEps, initRange);
        Bound.WIDTH.check("vocabulary", vocabulary);
        Bound.WIDTH.check("hidden", hidden);
        Bound.WIDTH.check("intermediate", intermediate);
        Bound.LAYERS.check("layers", layers);
        Bound.HEADS.check("heads", heads);
        Bound.WIDTH.check("heads times the head width", Math.multiplyFull(heads, headDim));
        Bound.POSITIVE.check("rope_theta", ropeTheta);
        Bound.POSITIVE.checkOrNone("rms_norm_eps", normEps);
        Bound.DEVIATION.checkOrNone("initializer_range", initRange);
        checkArgument(padId >= 0 && padId < vocabulary, "pad id %s is outside the vocabulary of %s", padId, vocabulary);
    }

    /// A Gemma 1 of the usual proportions, for models made from scratch.
    public static LanguageModelConfig gemma(int vocabulary, int hidden, int intermediate, int layers, int heads, int kvHeads, int headDim) {
        return new LanguageModelConfig(new Family.Gemma(), vocabulary, hidden, intermediate, layers, heads, kvHeads, headDim, 10_000,
                RopeScaling.NONE, 1e-6, 0.02, false, Activation.GELU_TANH, true, 0, false);
    }

    /// The same sizes with new weights of another deviation.
    public LanguageModelConfig withInitRange(double deviation) {
        return new LanguageModelConfig(family, vocabulary, hidden, intermediate, layers, heads, kvHeads, headDim, ropeTheta, ropeScaling,
                normEps,
                deviation,
                attentionBias, activation, tied, padId, softcap);
    }

    /// The same model with or without the family's soft-capping of scores.
    public LanguageModelConfig withSoftcap(boolean applied) {
        return new LanguageModelConfig(family, vocabulary, hidden, intermediate, layers, heads, kvHeads, headDim, ropeTheta, ropeScaling,
                normEps,
                initRange, attentionBias, activation, tied, padId, applied);
    }

    /// The first few layers of the model.
    ///
    /// @throws IllegalArgumentException if it has fewer
    public LanguageModelConfig withLayers(int count) {
        checkArgument(count <= layers, "layers must be at most the %s that the model has, got %s", layers, count);
        return new LanguageModelConfig(family.first(count), vocabulary, hidden, intermediate, count, heads, kvHeads, headDim, ropeTheta,
                ropeScaling, normEps, initRange, attentionBias, activation, tied, padId, softcap);
    }

    /// How scores are made in a layer of the family's own.
    public ScoreScaling scaling() { return new ScoreScaling(family.scale(headDim), softcap ? family.attentionSoftcap() : 0); }
}
