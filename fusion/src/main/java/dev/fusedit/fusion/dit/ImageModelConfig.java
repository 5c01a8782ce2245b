package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.nn.Weights;

/// Shape of a model of images with text.
public sealed interface ImageModelConfig permits FuseDiTConfig, ShallowModelConfig {
    LanguageModelConfig text();

    DiTConfig image();

    Fusion fusion();

    /// The model over weights of which the language model's names begin with `llm.` and the image side's with `dit.`.
    default ImageModel build(Weights weights) {
        return switch (this) {
            case FuseDiTConfig fused -> FuseDiT.of(fused, weights);
            case ShallowModelConfig shallow -> shallow.build(weights.in("dit"), LanguageModel.of(shallow.text(), weights.in("llm")));
        };
    }
}
