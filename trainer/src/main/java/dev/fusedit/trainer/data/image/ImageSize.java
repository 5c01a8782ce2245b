package dev.fusedit.trainer.data.image;

/// Width and height in pixels.
public record ImageSize(int width, int height) {
    /// Of the largest image that is decoded, in pixels: where Pillow raises its `DecompressionBombError`.
    public static final long MOST_PIXELS = 178_956_970;

    /// @throws BadImage if no image has this size, or only one that would fill the memory
    static ImageSize of(long width, long height) throws BadImage {
        if (width <= 0 || height <= 0) {
            throw new BadImage("it says that it has %d x %d pixels".formatted(width, height));
        }
        if (width > MOST_PIXELS || height > MOST_PIXELS || width * height > MOST_PIXELS) {
            throw new BadImage("it has %d x %d pixels, and at most %d are decoded. Make it smaller".formatted(width, height, MOST_PIXELS));
        }
        return new ImageSize((int) width, (int) height);
    }

    long pixels() { return (long) width * height; }

    ImageSize turned(Orientation orientation) { return orientation.isTransposed() ? new ImageSize(height, width) : this; }

    @Override
    public String toString() { return "%d x %d".formatted(width, height); }
}
