package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;

/// How a block's image rows read the text: the weights of its own that a [Fusion] takes. [FuseLayer] has the equations.
public sealed interface TextAttention {
    /// No weights: text keys and values beside the image's own.
    record Joint() implements TextAttention {}

    /// After the image's own attention.
    record Cross(CrossAttention layer) implements TextAttention {}

    /// Beside the image's own attention.
    ///
    /// @param gate_H α, one number a head
    record GatedJoint(Tensor gate_H) implements TextAttention {}

    static TextAttention of(Fusion fusion, DiTConfig config, Weights block) {
        return switch (fusion) {
            case Fusion.JointSelfAttention() -> new Joint();
            case Fusion.CrossAttention() -> new Cross(CrossAttention.of(config, block));
            case Fusion.GatedJointAttention() -> new GatedJoint(block.in("self_attn").get("text_gate", Init.ZEROS, config.heads()));
        };
    }
}
