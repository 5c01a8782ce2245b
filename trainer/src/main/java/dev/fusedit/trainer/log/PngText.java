package dev.fusedit.trainer.log;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32;

/// Text chunks of PNG files (PNG specification, third edition, 11.3.3.4 `iTXt`): uncompressed UTF-8, which `exiftool`, `identify -verbose`
/// and Pillow's `image.text` show.
final class PngText {
    private static final int HEADER = 8 + 4 + 4 + 13 + 4; // signature; length, type, data and CRC of IHDR
    private static final byte[] TYPE = "iTXt".getBytes(StandardCharsets.ISO_8859_1);
    private static final int LONGEST_KEYWORD = 79;

    private PngText() {}

    /// @param texts by keywords of 1 to 79 letters of ASCII
    static byte[] insert(byte[] png, Map<String, String> texts) {
        var out = ByteStreams.newDataOutput();
        out.write(png, 0, HEADER);
        texts.forEach((keyword, text) -> write(out, keyword, text));
        out.write(png, HEADER, png.length - HEADER);
        return out.toByteArray();
    }

    private static void write(ByteArrayDataOutput out, String keyword, String text) {
        checkArgument(keyword.matches("[ -~]{1,%d}".formatted(LONGEST_KEYWORD)), "'%s' is no keyword of a PNG file", keyword);
        var chunk = ByteStreams.newDataOutput();
        chunk.write(TYPE);
        chunk.write(keyword.getBytes(StandardCharsets.ISO_8859_1));
        chunk.write(new byte[] {0, 0, 0, 0, 0}); // end; not compressed, in no way; language and translated keyword are empty
        chunk.write(text.replace('\0', '\ufffd').getBytes(StandardCharsets.UTF_8));
        var bytes = chunk.toByteArray();
        var crc = new CRC32();
        crc.update(bytes);
        out.writeInt(bytes.length - TYPE.length);
        out.write(bytes);
        out.writeInt((int) crc.getValue());
    }
}
