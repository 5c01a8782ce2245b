package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.DecoderLayer;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.KeyValues;

/// Where image tokens meet the text (paper, section 3). [FuseLayer] has the equations.
public sealed interface Fusion {
    /// One attention over [text; image] in each layer.
    record JointSelfAttention() implements Fusion {}

    /// The image attends to itself, then to the text.
    record CrossAttention() implements Fusion {}

    /// The image attends to itself and, with the same queries, to the text, each with a softmax of its own; what comes of the text is added by a
    /// learned share of each head, tanh(α), which begins at 0: at first the model is a plain diffusion transformer. (Zero-initialised gated attention:
    /// Zhang et al. 2023, LLaMA-Adapter, arXiv 2303.16199; in text-to-image Gao et al. 2024, Lumina-T2X, arXiv 2405.05945.)
    record GatedJointAttention() implements Fusion {}

    /// Whether text and image have positions in one sequence: the image's then follow its text's, and text keys are rotated by theirs. Else the
    /// image's begin at 0, and the text's have none.
    default boolean sharesPositions() {
        return switch (this) {
            case JointSelfAttention() -> true;
            case CrossAttention() -> false;
            case GatedJointAttention() -> true;
        };
    }

    /// Whether there is a softmax over text alone, which a sample without text has none of.
    default boolean readsTextAlone() {
        return switch (this) {
            case JointSelfAttention() -> false;
            case CrossAttention() -> true;
            case GatedJointAttention() -> true;
        };
    }

    /// What of a language model's layer the image reads.
    default KeyValues shared(DecoderLayer.Output text) { return sharesPositions() ? text.rotated() : text.plain(); }

    /// Where each sample's image positions begin.
    default int[] imageStarts(Prompt prompt) { return sharesPositions() ? prompt.lengths_B() : new int[prompt.batch()]; }
}
