package dev.fusedit.fusion.text;

import static com.google.common.base.Preconditions.checkArgument;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/// SentencePiece's map of characters (`precompiled_charsmap`): the number of a trie's bytes, the trie as a double array, and what
/// characters become, texts that end with 0. The tokenizer library walks the trie without looking where it steps.
final class CharacterMap {
    private static final int LEAF = 1 << 8;
    private static final int VALUE = 1 << 31;

    private CharacterMap() {}

    /// How many bytes a character may become.
    ///
    /// @throws IllegalArgumentException unless every step that a text can lead to stays inside
    static int longest(String base64) {
        var map = ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
        checkArgument(map.remaining() >= Integer.BYTES, "a map of characters opens with a number");
        var bytes = map.getInt();
        checkArgument(bytes > 0 && bytes % Integer.BYTES == 0 && bytes <= map.remaining(), "a map of characters with a trie of %s bytes",
                bytes);
        var trie = new int[bytes / Integer.BYTES];
        map.slice(map.position(), bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(trie);
        var texts = map.slice(map.position() + bytes, map.remaining() - bytes);
        text(texts.duplicate());
        for (int unit = 0; unit < trie.length; unit++) {
            if (unit == 0 || (trie[unit] & VALUE) == 0) { // what has a value is not walked from
                check(trie, unit, texts);
            }
        }
        return run(texts);
    }

    private static CharBuffer text(ByteBuffer bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("a map of characters with broken UTF-8", e);
        }
    }

    private static void check(int[] trie, int unit, ByteBuffer texts) {
        var next = unit ^ (trie[unit] >>> 10) << ((trie[unit] & 1 << 9) >>> 6);
        checkArgument(next >= 0 && (next | 0xff) < trie.length, "a map of characters that leads out of itself at %s", unit);
        if ((trie[unit] & LEAF) != 0) {
            var value = trie[next] & ~VALUE;
            checkArgument(value <= texts.remaining() && (value == texts.remaining() || (texts.get(value) & 0xc0) != 0x80),
                    "a map of characters with no text at %s", value);
        }
    }

    private static int run(ByteBuffer texts) {
        int longest = 0, now = 0;
        for (int i = 0; i < texts.limit(); i++) {
            now = texts.get(i) == 0 ? 0 : now + 1;
            longest = Math.max(longest, now);
        }
        return longest;
    }
}
