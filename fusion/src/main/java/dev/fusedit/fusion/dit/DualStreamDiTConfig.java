package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.llm.LanguageModelConfig;

/// Dual-stream blocks over a language model's hidden state.
///
/// @param text the language model
/// @param hiddenState which hidden state the text stream is made of, counted from the embeddings; negative ones from the final normed state
/// @param adapterLayers blocks of text alone before the first dual-stream block
public record DualStreamDiTConfig(LanguageModelConfig text, DiTConfig image, int hiddenState, int adapterLayers)
        implements ShallowModelConfig {
    public DualStreamDiTConfig {
        ShallowModelConfig.check(text, image, hiddenState);
        checkArgument(adapterLayers >= 0, "text-adapter layers must not be negative, got %s", adapterLayers);
    }

    /// Image rows read text and image in one attention; the text's have no positions there, and the image's begin at 0.
    @Override
    public Fusion fusion() { return new Fusion.JointSelfAttention(); }
}
