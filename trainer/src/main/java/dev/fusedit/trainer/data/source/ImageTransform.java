package dev.fusedit.trainer.data.source;

import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.image.CoverCrop;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import dev.fusedit.trainer.data.image.RgbImage;

/// From an image file to what a model sees: decoded, resized so that it covers that, the rest cut off, perhaps mirrored.
///
/// @param filter of the resizing
/// @param random whether a crop lies anywhere, or in the middle
/// @param flip share of images that are mirrored left to right
public record ImageTransform(ImageDecoding decoding, Filter filter, boolean random, double flip) {
    private static final long PURPOSE = 104;
    private static final int PARTS = 1 << 24;

    /// @param position of the sample in the run, which decides what is left to chance
    public RgbImage shown(RgbImage image, ImageSize size, long seed, long position) {
        var crop = new CoverCrop(size, filter);
        var dice = new Dice(seed, PURPOSE, position);
        boolean mirrored = dice.below(PARTS) < flip * PARTS;
        var shown = crop.of(image, random ? crop.random(image.size(), dice::below) : crop.centre(image.size()));
        return mirrored ? shown.flipped() : shown;
    }

    /// With the corner given.
    public RgbImage cropped(RgbImage image, ImageSize size, CoverCrop.Corner corner) {
        return new CoverCrop(size, filter).of(image, corner);
    }

    /// Without chance: as validation and reports show it.
    public RgbImage centred(RgbImage image, ImageSize size) {
        var crop = new CoverCrop(size, filter);
        return crop.of(image, crop.centre(image.size()));
    }
}
