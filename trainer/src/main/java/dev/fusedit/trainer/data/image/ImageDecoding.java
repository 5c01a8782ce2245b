package dev.fusedit.trainer.data.image;

/// How an image file becomes RGB.
///
/// @param alpha what becomes of transparency
/// @param turned whether the image is turned as its EXIF orientation says
/// @param whole whether every sample has to be there as the camera or program wrote it: a file that is cut or damaged is refused, and
///        samples of 16 bits become their high byte; else what is missing of a JPEG is grey, and 16-bit grey is cut at 255, as Pillow has it
public record ImageDecoding(Alpha alpha, boolean turned, boolean whole) {
    /// As the paper's loader reads: Pillow's `convert("RGB")`.
    public static final ImageDecoding REFERENCE = new ImageDecoding(Alpha.DROP, false, false);

    /// What a person sees who opens the file, or none of it.
    public static final ImageDecoding STRICT = new ImageDecoding(Alpha.WHITE, true, true);

    /// The same with something else behind transparency.
    public ImageDecoding over(Alpha other) { return new ImageDecoding(other, turned, whole); }

    /// What becomes of transparency.
    public enum Alpha {
        /// Colours stay as they are stored, also where nothing is seen of them.
        DROP,
        /// Blended over white.
        WHITE,
        /// Blended over black.
        BLACK;

        /// A sample over the background, rounded as Pillow does.
        int over(int sample, int opacity) {
            return switch (this) {
                case DROP -> sample;
                case WHITE -> by255(sample * opacity + 255 * (255 - opacity));
                case BLACK -> by255(sample * opacity);
            };
        }

        /// The background's samples, where a frame does not cover the image.
        byte background() { return (byte) over(0, 0); }
    }

    /// A product of two bytes over 255, rounded.
    static int by255(int product) {
        var half = product + 128;
        return (half >> 8) + half >> 8;
    }
}
