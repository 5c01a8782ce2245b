package dev.fusedit.trainer.data.image;

import dev.fusedit.torch.io.FileFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;

/// An image file whose header is read, and nothing of its pixels.
///
/// What a file does not have where its format puts it is an [IndexOutOfBoundsException].
sealed interface ImageFile permits JpegFile, PngFile, WebpFile, GifFile, BmpFile, TiffFile {
    String KINDS = "an image of a kind that is read (JPEG, PNG, WebP, GIF, BMP, TIFF)";

    /// @param where what the bytes are, for messages
    /// @throws dev.fusedit.torch.UserError if they are of another format
    /// @throws BadImage if the header is damaged, or tells of an image too large
    static ImageFile of(byte[] file, String where) throws BadImage {
        var format = FileFormat.of(file);
        return switch (format) {
            case JPEG -> JpegFile.of(file);
            case PNG -> PngFile.of(ByteBuffer.wrap(file));
            case WEBP -> WebpFile.of(file);
            case GIF -> GifFile.of(file);
            case BMP -> BmpFile.of(file);
            case TIFF -> TiffFile.of(file);
            default -> throw format.insteadOf(KINDS, where);
        };
    }

    /// As stored, before it is turned.
    ImageSize size();

    Orientation orientation();

    /// What of the file is missing or not as it was written, as the rest of a sentence. The whole file is looked through.
    Optional<String> damage();

    /// @param warnings told of what the decoder passes over
    RgbImage read(ImageDecoding how, Consumer<String> warnings) throws IOException;
}
