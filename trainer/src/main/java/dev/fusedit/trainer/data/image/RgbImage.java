package dev.fusedit.trainer.data.image;

import static com.google.common.base.Preconditions.checkArgument;

/// @param rgb height · width · 3 bytes, rows from the top, in a row from the left, red green blue; not copied
public record RgbImage(int width, int height, byte[] rgb) {
    public RgbImage {
        checkArgument(width > 0 && height > 0, "an image has pixels, not %s x %s", width, height);
        checkArgument(rgb.length == 3 * width * height, "%s x %s pixels are %s bytes, not %s", width, height, 3 * width * height,
                rgb.length);
    }

    public ImageSize size() { return new ImageSize(width, height); }

    /// The mirror image: left is right (torchvision's `hflip`).
    public RgbImage flipped() { return Orientation.MIRRORED.turn(this); }

    @Override
    public String toString() { return "image of %d x %d".formatted(width, height); }
}
