package dev.fusedit.trainer.data.source;

import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.image.CoverCrop;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import dev.fusedit.trainer.data.image.RgbImage;
import dev.fusedit.trainer.data.stored.EntryKey;
import java.util.List;

/// From an image file to what a model sees: decoded, resized so that it covers that, the rest cut off, perhaps mirrored.
///
/// @param filter of the resizing
/// @param random whether a crop lies anywhere, or in the middle
/// @param flip share of images that are mirrored left to right
public record ImageTransform(ImageDecoding decoding, Filter filter, boolean random, double flip) {
    private static final long PURPOSE = 104;
    private static final int PARTS = 1 << 24;
    /// To be raised where the same file becomes other pixels.
    private static final String VERSION = "1";

    /// @param position of the sample in the run, which decides what is left to chance
    public RgbImage shown(RgbImage image, ImageSize size, long seed, long position) {
        var crop = new CoverCrop(size, filter);
        var dice = new Dice(seed, PURPOSE, position);
        boolean mirrored = isMirrored(dice);
        var shown = crop.of(image, random ? crop.random(image.size(), dice::below) : crop.centre(image.size()));
        return mirrored ? shown.flipped() : shown;
    }

    /// Whether the sample at a position of the run is mirrored.
    public boolean isMirrored(long seed, long position) { return isMirrored(new Dice(seed, PURPOSE, position)); }

    /// The first throw.
    private boolean isMirrored(Dice dice) { return dice.below(PARTS) < flip * PARTS; }

    /// Whether images are shown as they are, mirrored, or both.
    public List<Boolean> mirrorings() { return flip == 0 ? List.of(false) : flip == 1 ? List.of(true) : List.of(false, true); }

    /// What a centred image is known by: the bytes of its file and all that becomes of them.
    ///
    /// @param sha256 of the file
    public EntryKey key(String sha256, ImageSize size, boolean mirrored) {
        return EntryKey.of("image " + VERSION, sha256, decoding.toString(), filter.toString(), size.word(), Boolean.toString(mirrored));
    }

    /// The image that is known by that key.
    public RgbImage shown(RgbImage image, ImageSize size, boolean mirrored) {
        var shown = centred(image, size);
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
