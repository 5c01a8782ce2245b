package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.DecoderLayer;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.TextPass;
import dev.fusedit.nn.AttentionMask;
import dev.fusedit.nn.ScoreScaling;

/// How the layers that text and image share compute attention scores. ("Fused" kernels are another thing.)
public enum AttentionScoring {
    /// As the paper has it: scaled by 1/√D; no soft-capping, no window.
    PLAIN,
    /// As the language model was trained: with its own attention scale and soft-capping, for the text and for the image that reads it, and
    /// with its windows for the text. The image's place is no distance to a word, so it sees all of the text in windowed layers too.
    FAMILY;

    /// How a text's or an image's scores are made in a layer that is fused with this language model's.
    ScoreScaling scaling(LanguageModelConfig text) {
        return switch (this) {
            case PLAIN -> ScoreScaling.plain(text.headDim());
            case FAMILY -> text.scaling();
        };
    }

    /// What a text's token sees.
    AttentionMask mask(DecoderLayer layer, TextPass pass) {
        return switch (this) {
            case PLAIN -> pass.causal();
            case FAMILY -> pass.mask(layer);
        };
    }

    /// The language model as it runs below and between fused layers.
    LanguageModelConfig of(LanguageModelConfig text) {
        return switch (this) {
            case PLAIN -> text;
            case FAMILY -> text.withSoftcap(true);
        };
    }
}
