package dev.fusedit.trainer.data.image;

/// Width and height in pixels.
public record ImageSize(int width, int height) {
    /// Of the largest image that is decoded, in pixels: where Pillow raises its `DecompressionBombError`.
    public static final long MOST_PIXELS = 178_956_970;
    /// A longer image shows nothing in any crop.
    public static final int MOST_ASPECT = 10_000;

    /// @throws BadImage if no image has this size, or only one that would fill the memory
    static ImageSize of(long width, long height) throws BadImage {
        if (width <= 0 || height <= 0) {
            throw new BadImage("it says that it has %d x %d pixels".formatted(width, height));
        }
        if (width > MOST_PIXELS || height > MOST_PIXELS || width * height > MOST_PIXELS) {
            throw new BadImage("it has %d x %d pixels, and at most %d are decoded".formatted(width, height, MOST_PIXELS),
                    "Make it smaller");
        }
        if (Math.max(width, height) > MOST_ASPECT * Math.min(width, height)) {
            throw new BadImage(
                    "it has %d x %d pixels, and images are read that are at most %d times as long as wide".formatted(width, height,
                            MOST_ASPECT),
                    "Cut out what it shows");
        }
        return new ImageSize((int) width, (int) height);
    }

    public static ImageSize square(int side) { return new ImageSize(side, side); }

    public long pixels() { return (long) width * height; }

    /// Width over height.
    public double aspect() { return (double) width / height; }

    /// Bytes of its pixels in RGB.
    public int bytes() { return Math.multiplyExact(3 * width, height); }

    /// As recipes and `--json` write it: `80x48`.
    public String word() { return width + "x" + height; }

    ImageSize turned(Orientation orientation) { return orientation.isTransposed() ? new ImageSize(height, width) : this; }

    @Override
    public String toString() { return "%d x %d".formatted(width, height); }
}
