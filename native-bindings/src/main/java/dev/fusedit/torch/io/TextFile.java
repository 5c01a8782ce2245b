package dev.fusedit.torch.io;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// The one way a person's texts are read: UTF-8, strictly, whatever the process's locale. A byte order mark in front is left out. Stateless:
/// any thread may read.
public final class TextFile {
    private static final long MOST_BYTES = 256 << 20;
    private static final String MARK = "\ufeff";

    private TextFile() {}

    /// @param wanted what it should be, for errors: `a recipe`
    /// @param name what errors call it
    /// @throws UserError naming the file, the line of the first wrong byte and what the file is, if it is no text in UTF-8
    public static String read(Path file, String wanted, Object name) {
        try {
            if (Files.isDirectory(file)) {
                throw new UserError("%s: is a folder, not %s".formatted(name, wanted));
            }
            if (Files.size(file) > MOST_BYTES) {
                throw FileFormat.of(file).insteadOf(wanted + " of up to 256 MiB", name);
            }
            return decode(Files.readAllBytes(file), wanted, name);
        } catch (IOException e) {
            throw FileBytes.unopened(file, name, e);
        }
    }

    public static String read(Path file, String wanted) { return read(file, wanted, file); }

    public static List<String> lines(Path file, String wanted) { return read(file, wanted).lines().toList(); }

    /// All that a stream has.
    ///
    /// @param name what errors call it
    /// @throws UserError as [#read(Path, String, Object)]
    public static List<String> lines(InputStream in, String wanted, Object name) {
        try {
            return decode(in.readAllBytes(), wanted, name).lines().toList();
        } catch (IOException e) {
            throw FileBytes.unreadable(name, e);
        }
    }

    private static String decode(byte[] bytes, String wanted, Object name) {
        var in = ByteBuffer.wrap(bytes);
        var out = CharBuffer.allocate(bytes.length);
        var result = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
        var text = out.flip().toString();
        if (!result.isError() && text.indexOf('\0') < 0) {
            return text.startsWith(MARK) ? text.substring(1) : text;
        }
        throw switch (FileFormat.of(bytes)) {
            case TEXT, YAML, JSON, LATIN1 -> notUtf8(text, result.isError() ? bytes[in.position()] & 0xFF : 0, name);
            case UTF16 -> FileFormat.UTF16.insteadOf(wanted + " in UTF-8", name);
            case UTF32 -> FileFormat.UTF32.insteadOf(wanted + " in UTF-8", name);
            default -> FileFormat.of(bytes).insteadOf(wanted, name);
        };
    }

    private static UserError notUtf8(String before, int wrong, Object name) {
        long line = 1 + before.chars().filter(letter -> letter == '\n').count();
        var letter = wrong >= 0xa0 ? " (in Latin-1 it is '%c')".formatted(wrong) : "";
        return new UserError(
                String.format(Locale.ROOT, "%s:%d: the byte %02X is not UTF-8%s. Save the file in UTF-8: iconv -f LATIN1 -t UTF-8", name,
                        line, wrong, letter));
    }
}
