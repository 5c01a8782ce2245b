package dev.fusedit.trainer.data.blocks;

import static com.google.common.base.Preconditions.checkArgument;

/// Captioned pictures without end.
public final class Blocks {
    /// Pictures are as high as wide.
    public static final int SIDE = Scene.SIDE;

    private Blocks() {}

    public static BlocksSample sample(long seed, long index, Split split) { return sample(seed, index, split, BlocksMix.DEFAULT); }

    /// The same arguments give the same bytes, on every machine and thread.
    public static BlocksSample sample(long seed, long index, Split split, BlocksMix mix) {
        checkArgument(split != Split.TEXT, "the text corpus has no pictures");
        var dice = new Dice(seed, split.purpose(), index);
        var caption = Captions.draw(dice, mix.draw(dice), split, mix.namedPercent());
        var scene = Placing.scene(caption.claim(), dice);
        return new BlocksSample(Drawing.draw(scene), caption, scene);
    }
}
