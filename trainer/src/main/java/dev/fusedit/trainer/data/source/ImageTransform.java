package dev.fusedit.trainer.data.source;

import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.RgbImage;
import dev.fusedit.trainer.data.image.SquareCrop;

/// From an image file to the square that a model sees: decoded, its short side resized, the rest cut off, perhaps mirrored.
///
/// @param random whether a crop lies anywhere, or in the middle
/// @param flip share of images that are mirrored left to right
public record ImageTransform(ImageDecoding decoding, boolean random, double flip) {
    private static final long PURPOSE = 104;
    private static final int PARTS = 1 << 24;

    /// @param position of the sample in the run, which decides what is left to chance
    public RgbImage square(RgbImage image, int side, long seed, long position) {
        var crop = new SquareCrop(side);
        var resized = crop.resized(image);
        var dice = new Dice(seed, PURPOSE, position);
        boolean mirrored = dice.below(PARTS) < flip * PARTS;
        var square = crop.crop(resized, random ? crop.random(resized, dice::below) : crop.centre(resized));
        return mirrored ? square.flipped() : square;
    }

    /// With the corner given.
    public RgbImage cropped(RgbImage image, int side, SquareCrop.Corner corner) {
        var crop = new SquareCrop(side);
        return crop.crop(crop.resized(image), corner);
    }

    /// Without chance: as validation and reports show it.
    public RgbImage centred(RgbImage image, int side) {
        var crop = new SquareCrop(side);
        var resized = crop.resized(image);
        return crop.crop(resized, crop.centre(resized));
    }
}
