package dev.fusedit.trainer.data.image;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.trainer.data.image.PillowResize.Filter;
import java.util.function.IntUnaryOperator;

/// Square images of one side out of images of any size, as torchvision's `Resize` and crops make them.
///
/// @param side of the square
public record SquareCrop(int side) {
    private static final int COLOURS = 3;

    public SquareCrop {
        checkArgument(side > 0, "an image has pixels, not a side of %s", side);
    }

    /// Where a crop begins.
    public record Corner(int top, int left) {}

    /// The image with its short side of this length, the long one rounded down.
    public RgbImage resized(RgbImage image) {
        return PillowResize.resize(image, length(image.width(), image.height()), length(image.height(), image.width()), Filter.BILINEAR);
    }

    /// A resized image's side.
    ///
    /// @param own the side's length before
    /// @param other the other side's
    public int length(int own, int other) { return own <= other ? side : (int) ((long) side * own / other); }

    /// The middle; halves go to the even pixel, as Python rounds.
    public Corner centre(RgbImage resized) {
        return new Corner((int) Math.rint((resized.height() - side) / 2.0), (int) Math.rint((resized.width() - side) / 2.0));
    }

    /// A corner by chance: first the top, then the left one. Nothing is drawn for an image that fits.
    ///
    /// @param draw a number from 0 to below its argument
    public Corner random(RgbImage resized, IntUnaryOperator draw) {
        if (resized.width() == side && resized.height() == side) {
            return new Corner(0, 0);
        }
        var top = draw.applyAsInt(resized.height() - side + 1);
        return new Corner(top, draw.applyAsInt(resized.width() - side + 1));
    }

    public RgbImage crop(RgbImage resized, Corner corner) {
        checkArgument(corner.top >= 0 && corner.left >= 0 && corner.top + side <= resized.height() && corner.left + side <= resized.width(),
                "a square of %s at %s is not inside %s", side, corner, resized);
        var rgb = new byte[COLOURS * side * side];
        for (int y = 0; y < side; y++) {
            System.arraycopy(resized.rgb(), COLOURS * ((corner.top + y) * resized.width() + corner.left), rgb, COLOURS * side * y,
                    COLOURS * side);
        }
        return new RgbImage(side, side, rgb);
    }

    /// Values in [-1, 1], colour by colour (3, height, width), as a model takes them.
    public static float[] pixels(RgbImage image) {
        var places = image.width() * image.height();
        var values = new float[COLOURS * places];
        for (int i = 0; i < values.length; i++) {
            values[i] = ((image.rgb()[i % places * COLOURS + i / places] & 255) / 255f - 0.5f) / 0.5f;
        }
        return values;
    }
}
