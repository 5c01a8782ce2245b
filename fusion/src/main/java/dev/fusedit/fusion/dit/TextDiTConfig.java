package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.llm.LanguageModelConfig;

/// A diffusion transformer beside a language model.
///
/// @param text the language model
/// @param textWidth of the hidden states
/// @param hiddenState which hidden state the blocks read, counted from the embeddings; negative ones from the final normed state
public record TextDiTConfig(LanguageModelConfig text, DiTConfig image, Fusion fusion, int textWidth, int hiddenState)
        implements ShallowModelConfig {
    public TextDiTConfig {
        ShallowModelConfig.check(text, image, hiddenState);
        checkArgument(fusion.sharesPositions() || textWidth == image.width(),
                "cross-attention needs a text width (%s) equal to the image side's (%s)", textWidth, image.width());
    }
}
