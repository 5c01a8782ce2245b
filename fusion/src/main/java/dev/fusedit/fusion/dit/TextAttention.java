package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Weights;

/// How a block's image rows read the text: the weights of its own that a [Fusion] takes. [FuseLayer] has the equations.
public sealed interface TextAttention {
    /// No weights: text keys and values beside the image's own.
    record Joint() implements TextAttention {}

    /// After the image's own attention.
    record Cross(CrossAttention layer) implements TextAttention {}

    static TextAttention of(Fusion fusion, DiTConfig config, Weights block) {
        return switch (fusion) {
            case Fusion.JointSelfAttention() -> new Joint();
            case Fusion.CrossAttention() -> new Cross(CrossAttention.of(config, block));
        };
    }
}
