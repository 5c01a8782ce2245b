package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.DecoderLayer;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.Scores;
import dev.fusedit.fusion.llm.TextMask;
import dev.fusedit.fusion.llm.TextPass;

/// How fused layers make scores.
public enum FusedAttention {
    /// As the paper has it: scaled by 1/√D; no cap, no window.
    PLAIN,
    /// As the language model was trained: with its own query scale and cap, for the text and for the image that reads it, and with its
    /// windows for the text. The image's place is no distance to a word, so it sees all of the text in windowed layers too.
    FAMILY;

    /// How a text's or an image's scores are made in a layer that is fused with this language model's.
    Scores scores(LanguageModelConfig text) {
        return switch (this) {
            case PLAIN -> Scores.plain(text.headDim());
            case FAMILY -> text.scores();
        };
    }

    /// What a text's token sees.
    TextMask mask(DecoderLayer layer, TextPass pass) {
        return switch (this) {
            case PLAIN -> pass.causal();
            case FAMILY -> pass.mask(layer);
        };
    }

    /// The language model as it runs below and between fused layers.
    LanguageModelConfig of(LanguageModelConfig text) {
        return switch (this) {
            case PLAIN -> text;
            case FAMILY -> text.withSoftCap(true);
        };
    }
}
