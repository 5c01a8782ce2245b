package dev.fusedit.trainer.data.image;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Image files as RGB: JPEG (baseline, progressive, grey, for print), PNG, WebP, GIF, BMP and TIFF, of what has several images the
/// first; AVIF, HEIC and others are refused by name. What a file is says its content, not its name.
///
/// Colour profiles are ignored. An image of more than [ImageSize#MOST_PIXELS] is refused by its header, before anything is decoded.
/// Where decoders may differ: a JPEG's pixels are within two steps of Pillow's, a lossy WebP's mostly so ([WebpChroma]), all else is equal.
///
/// Any thread; nothing is kept.
public final class ImageDecoder {
    /// What a person takes for an image by its name: also what is refused.
    private static final Set<String> EXTENSIONS =
            Set.of("jpg", "jpeg", "jpe", "jfif", "jif", "pjpeg", "pjp", "png", "apng", "webp", "gif", "bmp",
                    "dib", "tif", "tiff", "avif", "heic", "heif", "hif", "jxl", "jp2", "j2k", "ppm", "pgm", "pbm", "pnm");

    private ImageDecoder() {}

    /// @param where what the bytes are, for messages
    /// @throws UserError if they are no image, one of a kind that is not read, too large, or damaged as far as `how` minds
    public static RgbImage decode(byte[] file, String where, ImageDecoding how) {
        return told(where, () -> {
            var image = ImageFile.of(file, where);
            List<String> faults = new ArrayList<>();
            if (how.whole()) {
                image.damage().ifPresent(faults::add);
                refuse(faults);
            }
            var rgb = image.read(how, faults::add);
            if (how.whole()) refuse(faults);
            return how.turned() ? image.orientation().turn(rgb) : rgb;
        });
    }

    private static void refuse(List<String> faults) throws BadImage {
        if (!faults.isEmpty()) throw new BadImage("it is not whole: " + faults.getFirst().replaceFirst("\\.+$", ""));
    }

    /// Width and height that [#decode] makes of a file, from its header alone: what comes after it may be damaged.
    ///
    /// @param file all of it: where the header ends nothing says
    /// @throws UserError if the bytes are no image, one of a kind that is not read, or too large
    public static ImageSize size(byte[] file, String where, ImageDecoding how) {
        return told(where, () -> {
            var image = ImageFile.of(file, where);
            return how.turned() ? image.size().turned(image.orientation()) : image.size();
        });
    }

    /// Whether a person who gives a file this name means an image, by its extension in any case. Not whether it is one.
    public static boolean isImageName(String fileName) {
        int dot = fileName.lastIndexOf('.');
        return dot >= 0 && EXTENSIONS.contains(fileName.substring(dot + 1).toLowerCase(Locale.ROOT));
    }

    private interface Reading<T> {
        T read() throws IOException;
    }

    /// What goes wrong while a file is read, in the words of an error about that file.
    private static <T> T told(String where, Reading<T> reading) {
        try {
            return reading.read();
        } catch (UserError e) {
            throw e;
        } catch (BadImage e) {
            throw new UserError("%s: cannot be decoded, %s. %s".formatted(where, e.getMessage(), e.remedy()), e);
        } catch (IOException | RuntimeException e) { // what damaged files make of the readers
            throw new UserError("%s: cannot be decoded, it is cut, damaged or of a rare kind (%s). %s".formatted(where, cause(e),
                    BadImage.REMEDY), e);
        } catch (OutOfMemoryError e) {
            throw new UserError(
                    "%s: its pixels do not fit into Java's memory of %d MiB. Make it smaller, or give more: FUSEDIT_JAVA_OPTS=-Xmx8g"
                            .formatted(where, Runtime.getRuntime().maxMemory() >> 20),
                    e);
        }
    }

    private static String cause(Exception e) { return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage(); }
}
