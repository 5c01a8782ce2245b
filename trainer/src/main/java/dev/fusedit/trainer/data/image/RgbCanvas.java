package dev.fusedit.trainer.data.image;

import dev.fusedit.trainer.data.image.ImageDecoding.Alpha;
import java.util.Arrays;

/// An RGB image that is being filled.
final class RgbCanvas {
    private static final int COLOURS = 3;

    private final ImageSize size;
    private final Alpha alpha;
    private final byte[] rgb;

    /// All background.
    RgbCanvas(ImageSize size, Alpha alpha) {
        this.size = size;
        this.alpha = alpha;
        this.rgb = new byte[Math.multiplyExact(COLOURS, Math.multiplyExact(size.width(), size.height()))];
        Arrays.fill(rgb, alpha.background());
    }

    /// Colours and opacity from 0 to 255.
    void set(int x, int y, int red, int green, int blue, int opacity) {
        int at = COLOURS * (y * size.width() + x);
        rgb[at] = (byte) alpha.over(red, opacity);
        rgb[at + 1] = (byte) alpha.over(green, opacity);
        rgb[at + 2] = (byte) alpha.over(blue, opacity);
    }

    /// The image, which is the canvas itself: nothing is set after this.
    RgbImage image() { return new RgbImage(size.width(), size.height(), rgb); }
}
