package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.nn.Weights;

/// Shape of a model whose image side reads one hidden state of a language model (shallow fusion): the language model is a part of its own, a text
/// encoder, whose weights lie apart in saved pipelines.
public sealed interface ShallowModelConfig extends ImageModelConfig permits TextDiTConfig, DualStreamDiTConfig {
    /// Which hidden state the image side reads, counted from the embeddings; negative ones from the final normed state.
    int hiddenState();

    /// Refuses what no such model can be.
    static void check(LanguageModelConfig text, DiTConfig image, int hiddenState) {
        checkArgument(hiddenState >= -text.layers() - 1 && hiddenState <= text.layers(), "hidden state must be %s to %s, got %s",
                -text.layers() - 1, text.layers(), hiddenState);
        checkArgument(text.activation() == image.activation(), "both sides' MLPs need the same activation, got %s and %s",
                text.activation(), image.activation());
    }

    /// The model over a language model.
    ///
    /// @param image the image side's weights, without `dit.` before their names
    default ImageModel build(Weights image, LanguageModel encoder) {
        return switch (this) {
            case TextDiTConfig baseline -> TextDiT.of(baseline, image, encoder);
            case DualStreamDiTConfig dual -> DualStreamDiT.of(dual, image, encoder);
        };
    }
}
