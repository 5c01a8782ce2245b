package dev.fusedit.trainer.page;

import dev.fusedit.trainer.log.PngImage;
import java.util.Base64;
import java.util.Optional;

/// An image as it stands in a page.
///
/// @param bytes of a PNG or JPEG file; not copied
/// @param type `image/png` or `image/jpeg`
/// @param caption the prompt it was drawn for
/// @param right whether it shows what the caption says; empty where nobody can tell
public record PageImage(byte[] bytes, String type, String caption, Optional<Boolean> right) {
    /// Pixel by pixel.
    public static PageImage exact(PngImage image, String caption, Optional<Boolean> right) {
        return new PageImage(image.png(), "image/png", caption, right);
    }

    /// In a tenth of the space, and not quite the same.
    public static PageImage compressed(PngImage image, String caption, Optional<Boolean> right) {
        return new PageImage(image.jpeg(), "image/jpeg", caption, right);
    }

    String address() { return "data:" + type + ";base64," + Base64.getEncoder().encodeToString(bytes); }

    /// In words, since not everyone tells red from green.
    static String verdict(Optional<Boolean> right) { return right.map(is -> is ? "✓ came true" : "✗ not all of it").orElse(""); }
}
