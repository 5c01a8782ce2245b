package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.nn.Weights;

/// Shape of a model of images with text.
public sealed interface ImageModelConfig permits FuseDiTConfig, ShallowModelConfig {
    LanguageModelConfig text();

    DiTConfig image();

    Fusion fusion();

    /// Whether the image reads the language model's layers (the paper's deep fusion), or one hidden state.
    default boolean isDeep() {
        return switch (this) {
            case FuseDiTConfig _ -> true;
            case ShallowModelConfig _ -> false;
        };
    }

    /// Width of the pooled text that the model is given, 0 for none: a baseline's image side may have weights for one, but never reads it.
    default int pooledText() {
        return switch (this) {
            case FuseDiTConfig fused -> fused.image().pooledText();
            case ShallowModelConfig _ -> 0;
        };
    }

    /// The model over weights of which the language model's names begin with `llm.` and the image side's with `dit.`.
    default ImageModel build(Weights weights) {
        return switch (this) {
            case FuseDiTConfig fused -> FuseDiT.of(fused, weights);
            case ShallowModelConfig shallow -> shallow.build(weights.in("dit"), LanguageModel.of(shallow.text(), weights.in("llm")));
        };
    }
}
