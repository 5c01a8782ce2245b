package dev.fusedit.trainer.data.image;

/// The colours of a lossy WebP, smoothed as libwebp does.
///
/// Such a file has light for every pixel, and colour (chroma, two numbers) for squares of 2 x 2. The decoder repeats a square's colour;
/// libwebp, so Pillow and browsers, blends it with those of the three nearest squares. Here both are found back from the decoder's RGB, by
/// the samples that are not at the ends of their range, then blended. What comes out is within a few steps of libwebp.
final class WebpChroma {
    private static final int COLOURS = 3;

    /// Rec. 601: what blue and red chroma add to red, green and blue.
    private static final float[] BLUE_ADDS = {0, -0.391762f, 2.017232f};
    private static final float[] RED_ADDS = {1.596027f, -0.812968f, 0};

    private final byte[] rgb;
    private final int width;
    private final int height;
    private final int squares;
    private final byte[] blue;
    private final byte[] red;

    private WebpChroma(byte[] rgb, int width, int height) {
        this.rgb = rgb;
        this.width = width;
        this.height = height;
        squares = (width + 1) / 2;
        blue = new byte[squares * ((height + 1) / 2)];
        red = new byte[blue.length];
    }

    /// @param rgb (height, width, 3), changed in place
    static void smooth(byte[] rgb, int width, int height) {
        var chroma = new WebpChroma(rgb, width, height);
        for (int i = 0; i < chroma.blue.length; i++) {
            chroma.find(i);
        }
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                chroma.blend(x, y);
            }
        }
    }

    private int sample(int x, int y, int colour) { return rgb[COLOURS * (y * width + x) + colour] & 255; }

    private static boolean isInside(int sample) { return sample > 0 && sample < 255; }

    /// A square's chroma, by how far red and blue are from green.
    private void find(int square) {
        int left = 2 * (square % squares), top = 2 * (square / squares), inside = 0, all = 0;
        int redInside = 0, blueInside = 0, redAll = 0, blueAll = 0;
        for (int y = top; y < Math.min(top + 2, height); y++) {
            for (int x = left; x < Math.min(left + 2, width); x++, all++) {
                int r = sample(x, y, 0), g = sample(x, y, 1), b = sample(x, y, 2);
                redAll += r - g;
                blueAll += b - g;
                if (isInside(r) && isInside(g) && isInside(b)) {
                    redInside += r - g;
                    blueInside += b - g;
                    inside++;
                }
            }
        }
        float fromGreen = inside > 0 ? (float) redInside / inside : (float) redAll / all;
        float blueFromGreen = inside > 0 ? (float) blueInside / inside : (float) blueAll / all;
        float redRed = RED_ADDS[0] - RED_ADDS[1], redBlue = -BLUE_ADDS[1], blueBlue = BLUE_ADDS[2] - BLUE_ADDS[1], blueRed = -RED_ADDS[1];
        float determinant = redRed * blueBlue - redBlue * blueRed;
        red[square] = chroma((blueBlue * fromGreen - redBlue * blueFromGreen) / determinant);
        blue[square] = chroma((redRed * blueFromGreen - blueRed * fromGreen) / determinant);
    }

    private static byte chroma(float value) { return (byte) Math.clamp(Math.round(value), -128, 127); }

    private void blend(int x, int y) {
        int here = y / 2 * squares + x / 2;
        int across = Math.clamp(x / 2 + (x % 2 == 0 ? -1 : 1), 0, squares - 1) - x / 2;
        int down = (Math.clamp(y / 2 + (y % 2 == 0 ? -1 : 1), 0, (height + 1) / 2 - 1) - y / 2) * squares;
        float light = 0;
        int inside = 0;
        for (int c = 0; c < COLOURS; c++) {
            int sample = sample(x, y, c);
            if (isInside(sample)) {
                light += sample - BLUE_ADDS[c] * blue[here] - RED_ADDS[c] * red[here];
                inside++;
            }
        }
        if (inside == 0) return;
        float newBlue = blended(blue, here, across, down), newRed = blended(red, here, across, down);
        for (int c = 0; c < COLOURS; c++) {
            int sample = Math.round(light / inside + BLUE_ADDS[c] * newBlue + RED_ADDS[c] * newRed);
            rgb[COLOURS * (y * width + x) + c] = (byte) Math.clamp(sample, 0, 255);
        }
    }

    private static float blended(byte[] chroma, int here, int across, int down) {
        return (9 * chroma[here] + 3 * chroma[here + across] + 3 * chroma[here + down] + chroma[here + across + down]) / 16f;
    }
}
