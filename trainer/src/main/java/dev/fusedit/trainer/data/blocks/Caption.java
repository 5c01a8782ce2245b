package dev.fusedit.trainer.data.blocks;

/// A claim in words.
public record Caption(Claim claim, String text) {
    public Kind kind() { return claim.kind(); }
}
