package dev.fusedit.trainer.data.source;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Bytes as a text in UTF-8; a byte order mark in front is left out.
final class TextBytes {
    private static final char MARK = '\ufeff';

    private TextBytes() {}

    /// @param name for the detail
    static String decode(byte[] bytes, String name) throws BadSample {
        try {
            var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            if (text.indexOf('\0') >= 0) throw new BadSample(Cause.BAD_TEXT, name + " holds a zero byte: it is no text in UTF-8");
            return !text.isEmpty() && text.charAt(0) == MARK ? text.substring(1) : text;
        } catch (CharacterCodingException _) {
            throw new BadSample(Cause.BAD_TEXT, name + " is not UTF-8");
        }
    }
}
