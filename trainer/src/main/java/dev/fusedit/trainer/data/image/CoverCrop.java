package dev.fusedit.trainer.data.image;

import dev.fusedit.trainer.data.image.PillowResize.Filter;
import java.util.function.IntUnaryOperator;

/// Images of one size out of images of any size: resized so that they cover it (CSS's `object-fit: cover`, Pillow's `ImageOps.fit`), the
/// rest cut off. Of a square as torchvision's `Resize` and crops make it.
///
/// @param size of the crops
public record CoverCrop(ImageSize size, Filter filter) {
    private static final int COLOURS = 3;

    /// A square, with Pillow's bilinear filter.
    public static CoverCrop square(int side) { return new CoverCrop(ImageSize.square(side), Filter.BILINEAR); }

    /// Where a crop begins.
    public record Corner(int top, int left) {}

    /// The size of an image that covers the crop's: one side is the crop's, the other one as long or longer, rounded down. It is an int: no
    /// image is longer than [ImageSize#MOST_ASPECT] times its width.
    public ImageSize covering(ImageSize image) {
        long across = (long) size.width() * image.height(), down = (long) size.height() * image.width();
        return across >= down ? new ImageSize(size.width(), Math.toIntExact(across / image.width()))
                : new ImageSize(Math.toIntExact(down / image.height()), size.height());
    }

    /// The share of an image that is cut off, 0 to below 1.
    public double cut(ImageSize image) { return 1 - (double) size.pixels() / covering(image).pixels(); }

    /// Whether an image has fewer pixels than the crop shows of it.
    public boolean enlarges(ImageSize image) { return covering(image).pixels() > image.pixels(); }

    /// The middle; halves go to the even pixel, as Python rounds.
    public Corner centre(ImageSize image) {
        var covering = covering(image);
        return new Corner((int) Math.rint((covering.height() - size.height()) / 2.0),
                (int) Math.rint((covering.width() - size.width()) / 2.0));
    }

    /// A corner by chance: first the top, then the left one. Nothing is drawn for an image that fits.
    ///
    /// @param draw a number from 0 to below its argument
    public Corner random(ImageSize image, IntUnaryOperator draw) {
        var covering = covering(image);
        if (covering.equals(size)) {
            return new Corner(0, 0);
        }
        var top = draw.applyAsInt(covering.height() - size.height() + 1);
        return new Corner(top, draw.applyAsInt(covering.width() - size.width() + 1));
    }

    /// What lies behind a corner of the image once that is resized: of one that is thousands of times as long as wide no more is computed.
    public RgbImage of(RgbImage image, Corner corner) { return PillowResize.part(image, covering(image.size()), corner, size, filter); }

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
