package dev.fusedit.fusion.dit;

/// Where a block's keys and values of the text come from.
public sealed interface BlockText {
    Fusion fusion();

    /// From the language model's layer beside it.
    record FromLayers(Fusion fusion) implements BlockText {}

    /// From rows of the text that are computed beside the image's.
    record Stream() implements BlockText {
        @Override
        public Fusion fusion() { return new Fusion.JointSelfAttention(); }
    }

    /// From one hidden state for all blocks, by projections of the block's own.
    ///
    /// @param width of what the projections read
    record Projected(Fusion fusion, int width) implements BlockText {}
}
