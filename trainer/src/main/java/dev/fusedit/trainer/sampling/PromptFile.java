package dev.fusedit.trainer.sampling;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A file of prompts, one a line, in UTF-8; a byte order mark is none of the first prompt's letters.
public final class PromptFile {
    private static final char BYTE_ORDER_MARK = '\ufeff';

    private PromptFile() {}

    /// Without blanks around them, and without empty lines.
    ///
    /// @throws UserError if the file cannot be read, is not UTF-8, or has no prompt
    public static List<String> read(Path file) {
        var text = decoded(file, bytes(file));
        var lines = text.substring(!text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? 1 : 0).lines().map(String::strip)
                .filter(line -> !line.isEmpty()).toList();
        if (lines.isEmpty()) throw new UserError("%s has no prompt: write one a line".formatted(file));
        return lines;
    }

    private static byte[] bytes(Path file) {
        if (Files.isDirectory(file)) throw new UserError("the prompts in %s cannot be read: it is a folder".formatted(file));
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UserError(
                    "the prompts in %s cannot be read: %s".formatted(file, Files.exists(file) ? e.getMessage() : "no such file"),
                    e);
        }
    }

    private static String decoded(Path file, byte[] bytes) {
        if (beginsWith(bytes, 0xff, 0xfe) || beginsWith(bytes, 0xfe, 0xff)) throw wrong(file, "is UTF-16");
        var all = ByteBuffer.wrap(bytes);
        try {
            var text = StandardCharsets.UTF_8.newDecoder().decode(all).toString();
            if (text.indexOf('\0') >= 0) throw wrong(file, "has bytes of 0, as UTF-16 and binary files have");
            return text;
        } catch (CharacterCodingException _) {
            int line = 1;
            for (int i = 0; i < all.position(); i++) line += bytes[i] == '\n' ? 1 : 0;
            throw wrong(file, "is not UTF-8 in line " + line);
        }
    }

    private static boolean beginsWith(byte[] bytes, int first, int second) {
        return bytes.length >= 2 && (bytes[0] & 255) == first && (bytes[1] & 255) == second;
    }

    private static UserError wrong(Path file, String what) {
        return new UserError("the prompts in %s cannot be read: the file %s. Save it as UTF-8".formatted(file, what));
    }
}
