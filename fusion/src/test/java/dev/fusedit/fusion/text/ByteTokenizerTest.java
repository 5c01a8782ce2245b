package dev.fusedit.fusion.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteTokenizerTest {
    private final ByteTokenizer tokenizer = new ByteTokenizer();

    @TempDir
    private Path temp;

    @Test
    void aTextIsItsBytes() {
        assertThat(tokenizer.size()).isEqualTo(260);
        assertThat(tokenizer.encode("")).containsExactly(2);
        assertThat(tokenizer.encode("Aé")).containsExactly(2, 4 + 'A', 4 + 0xC3, 4 + 0xA9);
        assertThat(tokenizer.encode("abc", 2)).containsExactly(2, 4 + 'a');
        assertThat(OwnTokenizer.fromJson(tokenizer.toJson(), "here")).isEqualTo(tokenizer);
    }

    /// Hugging Face's library reads what is exported, and makes the same ids.
    @ParameterizedTest
    @ValueSource(
            strings = {"", "a red circle", "  two  blanks ", "Ünïcode — 猫 🐱\n\ttab", "\u0000\u00ad\u007f\u00a0\u0100", "don't stop 123"})
    void theLibraryMakesTheSameIds(String text) throws IOException {
        var file = Files.writeString(temp.resolve("tokenizer.json"), tokenizer.toLibraryJson());
        try (var library = SubwordTokenizer.open(file)) {
            assertThat(library.encode(text)).isEqualTo(tokenizer.encode(text));
        }
    }
}
