package dev.fusedit.trainer.log;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.InflaterInputStream;

/// Text chunks of PNG files (PNG specification, third edition, 11.3.3). Written as `iTXt`, uncompressed UTF-8, which `exiftool`,
/// `identify -verbose` and Pillow's `image.text` show; read in all three kinds, since other programs save a file's texts anew in their own.
public final class PngText {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final int HEADER = 8 + 4 + 4 + 13 + 4; // signature; length, type, data and CRC of IHDR
    private static final byte[] TYPE = "iTXt".getBytes(StandardCharsets.ISO_8859_1);
    private static final int LONGEST_KEYWORD = 79;
    /// Of a text that is unpacked: a small chunk may stand for gigabytes.
    private static final int LONGEST_TEXT = 1 << 24;

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

    /// The texts of a file by keyword; of two with one keyword the first.
    ///
    /// @throws IOException saying what is wrong, if it is no PNG file or is damaged
    public static Map<String, String> read(byte[] png) throws IOException {
        if (png.length < SIGNATURE.length || !Arrays.equals(png, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length)) {
            throw new IOException("it is no PNG file");
        }
        var texts = new LinkedHashMap<String, String>();
        var in = ByteBuffer.wrap(png).position(SIGNATURE.length);
        while (in.remaining() >= 12) {
            int length = in.getInt();
            if (length < 0 || length > in.remaining() - 8) throw new IOException("it is cut off");
            var chunk = new byte[4 + length];
            in.get(chunk);
            var crc = new CRC32();
            crc.update(chunk);
            if ((int) crc.getValue() != in.getInt()) throw new IOException("it is damaged: a part's check sum is another");
            var type = new String(chunk, 0, 4, StandardCharsets.ISO_8859_1);
            if (type.equals("IEND")) return texts;
            add(texts, type, ByteBuffer.wrap(chunk, 4, length).slice());
        }
        throw new IOException("it is cut off");
    }

    private static void add(Map<String, String> texts, String type, ByteBuffer data) throws IOException {
        switch (type) {
            case "tEXt" -> texts.putIfAbsent(upToZero(data), rest(data, false, StandardCharsets.ISO_8859_1));
            case "zTXt" -> {
                var keyword = upToZero(data);
                next(data); // the only way there is
                texts.putIfAbsent(keyword, rest(data, true, StandardCharsets.ISO_8859_1));
            }
            case "iTXt" -> {
                var keyword = upToZero(data);
                boolean compressed = next(data) != 0;
                next(data);
                upToZero(data); // language
                upToZero(data); // translated keyword
                texts.putIfAbsent(keyword, rest(data, compressed, StandardCharsets.UTF_8));
            }
            default -> {}
        }
    }

    private static byte next(ByteBuffer data) throws IOException {
        if (!data.hasRemaining()) throw new IOException("it is damaged: a text ends early");
        return data.get();
    }

    private static String upToZero(ByteBuffer data) throws IOException {
        var text = new StringBuilder();
        for (byte letter = next(data); letter != 0; letter = next(data)) text.append((char) (letter & 255));
        return text.toString();
    }

    private static String rest(ByteBuffer data, boolean compressed, Charset charset) throws IOException {
        var bytes = new byte[data.remaining()];
        data.get(bytes);
        if (!compressed) return new String(bytes, charset);
        try (InputStream in = new InflaterInputStream(new ByteArrayInputStream(bytes))) {
            var text = in.readNBytes(LONGEST_TEXT + 1);
            if (text.length > LONGEST_TEXT) throw new IOException("a text in it is longer than 16 MiB");
            return new String(text, charset);
        }
    }
}
