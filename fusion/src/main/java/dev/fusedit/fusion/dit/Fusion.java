package dev.fusedit.fusion.dit;

/// Where image tokens meet the text (paper, section 3).
public sealed interface Fusion {
    /// One attention over [text; image] in each layer.
    record JointSelfAttention() implements Fusion {}

    /// The image attends to itself, then to the text.
    record CrossAttention() implements Fusion {}
}
