package dev.fusedit.trainer.data.blocks;

import static com.google.common.base.Preconditions.checkArgument;

/// Captioned images without end.
public final class Blocks {
    /// Images are as high as wide; this is the usual side.
    public static final int SIDE = Scene.SIDE;

    /// Of dice for scenes of captions that are given.
    private static final long SCENES = 112;

    private Blocks() {}

    public static BlocksSample sample(long seed, long index, Split split) { return sample(seed, index, split, BlocksMix.DEFAULT); }

    /// The same arguments give the same bytes, on every machine and thread.
    public static BlocksSample sample(long seed, long index, Split split, BlocksMix mix) { return sample(seed, index, split, mix, SIDE); }

    /// The same sample drawn larger: scene and caption don't depend on the side.
    ///
    /// @param side of the image, a multiple of 32
    public static BlocksSample sample(long seed, long index, Split split, BlocksMix mix, int side) {
        var dice = dice(seed, index, split);
        var caption = Captions.draw(dice, mix.draw(dice), split, mix.namedPercent());
        var scene = Placing.scene(caption.claim(), dice);
        return new BlocksSample(Drawing.draw(scene, side), caption, scene);
    }

    /// The caption of a sample alone, without its image.
    public static Caption caption(long seed, long index, Split split, BlocksMix mix) {
        var dice = dice(seed, index, split);
        return Captions.draw(dice, mix.draw(dice), split, mix.namedPercent());
    }

    /// An image of a caption that is given: what it leaves open is drawn.
    ///
    /// @param side a multiple of 32
    public static byte[] drawn(Caption caption, long seed, int side) {
        return Drawing.draw(Placing.scene(caption.claim(), new Dice(seed, SCENES, 0)), side);
    }

    private static Dice dice(long seed, long index, Split split) {
        checkArgument(split != Split.TEXT, "the text corpus has no pictures");
        return new Dice(seed, split.purpose(), index);
    }
}
