package dev.fusedit.torch.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.util.regex.Pattern;

/// What a file is that no magic number tells: by the beginning of its text.
final class TextFormat {
    /// Past comments: a document's beginning, or a key.
    private static final Pattern YAML =
            Pattern.compile("(?:[ \\t]*(?:#[^\\n]*)?\\n){0,500}(?:---\\s|%YAML|[\\w.\"-]{1,80}:(?:[ \\t]|\\r?\\n))");
    private static final Pattern HTML =
            Pattern.compile("(?i)\\s*(?:<!--.{0,1000}?-->\\s*)?<(?:!doctype html|html|head|body|title)\\b", Pattern.DOTALL);
    private static final Pattern ANNEX = Pattern.compile("(?:\\.\\./)*(?:\\.git)?/annex/objects/");
    private static final String LFS = "version https://git-lfs.github.com/spec/";
    private static final String LFS_BEFORE = "version https://hawser.github.com/spec/";
    private static final String XET = "# xet version ";
    /// A character that is cut in half at the end of what is looked at.
    private static final int CUT = 3;

    private TextFormat() {}

    static FileFormat of(ByteBuffer head) {
        var byMark = ofByteOrderMark(head);
        if (byMark != FileFormat.UNKNOWN) {
            return byMark;
        }
        var latin = ISO_8859_1.decode(head.duplicate());
        if (latin.chars().anyMatch(letter -> letter < ' ' && "\t\n\r\f\u001b\b".indexOf(letter) < 0 || letter == 0x7f)) {
            return isUtf16(head) ? FileFormat.UTF16 : FileFormat.UNKNOWN;
        }
        return isUtf8(head) ? of(latin) : FileFormat.LATIN1;
    }

    private static FileFormat of(CharBuffer latin) {
        var text = latin.toString().replaceFirst("^\u00ef\u00bb\u00bf", "");
        if (text.startsWith(LFS) || text.startsWith(LFS_BEFORE)) {
            return FileFormat.GIT_LFS_POINTER;
        }
        if (text.startsWith(XET)) {
            return FileFormat.XET_POINTER;
        }
        if (ANNEX.matcher(text).lookingAt()) {
            return FileFormat.ANNEX_POINTER;
        }
        if (HTML.matcher(text).lookingAt()) {
            return FileFormat.HTML;
        }
        var first = text.stripLeading();
        if (first.startsWith("<?xml")) {
            return FileFormat.XML;
        }
        if (first.startsWith("{") || first.startsWith("[")) {
            return FileFormat.JSON;
        }
        return YAML.matcher(text).lookingAt() ? FileFormat.YAML : FileFormat.TEXT;
    }

    private static FileFormat ofByteOrderMark(ByteBuffer head) {
        int first = head.remaining() < 2 ? 0 : (head.get(0) & 0xFF) << 8 | head.get(1) & 0xFF;
        int next = head.remaining() < 4 ? -1 : head.get(2) << 8 | head.get(3);
        if (first == 0xFFFE && next == 0 || first == 0 && next == (0xFE << 8 | 0xFF)) {
            return FileFormat.UTF32;
        }
        return first == 0xFFFE && head.remaining() % 2 == 0 || first == 0xFEFF ? FileFormat.UTF16 : FileFormat.UNKNOWN;
    }

    /// Without a mark: Latin letters with a zero byte each.
    private static boolean isUtf16(ByteBuffer head) {
        int units = head.remaining() / 2, little = 0, big = 0;
        for (int i = 0; i < units; i++) {
            little += isLetter(head.get(2 * i)) && head.get(2 * i + 1) == 0 ? 1 : 0;
            big += isLetter(head.get(2 * i + 1)) && head.get(2 * i) == 0 ? 1 : 0;
        }
        return units > 1 && Math.max(little, big) >= 0.8 * units;
    }

    private static boolean isLetter(byte letter) {
        return letter >= ' ' && letter < 0x7f || letter == '\n' || letter == '\r' || letter == '\t';
    }

    private static boolean isUtf8(ByteBuffer head) {
        var bytes = head.duplicate();
        var result = UTF_8.newDecoder().decode(bytes, CharBuffer.allocate(bytes.remaining()), false);
        return !result.isError() || bytes.remaining() <= CUT && head.remaining() >= FileFormat.HEAD;
    }
}
