package dev.fusedit.trainer.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.trainer.data.blocks.BlocksText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerComparisonTest {
    private static final WordTokenizer WORDS = WordTokenizer.of(BlocksText.words());

    @TempDir
    private Path temp;

    private static LanguageModelConfig config(int vocabulary) { return LanguageModelConfig.gemma(vocabulary, 8, 16, 1, 1, 1, 8); }

    /// A GGUF file that lists tokens and holds no tensor.
    private Path gguf(List<String> tokens) throws IOException {
        var bytes = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put("GGUF".getBytes(StandardCharsets.UTF_8)).putInt(3).putLong(0).putLong(1);
        text(bytes, "tokenizer.ggml.tokens");
        bytes.putInt(9).putInt(8).putLong(tokens.size());
        tokens.forEach(token -> text(bytes, token));
        var whole = new byte[bytes.position()];
        bytes.flip().get(whole);
        return Files.write(temp.resolve(tokens.hashCode() + ".gguf"), whole);
    }

    private static void text(ByteBuffer bytes, String text) {
        var utf8 = text.getBytes(StandardCharsets.UTF_8);
        bytes.putLong(utf8.length).put(utf8);
    }

    @Test
    void theTokensThatAGgufFileListsMakeTheTexts() throws IOException {
        assertThat(TokenizerComparison.of(new StartingFiles.Language(gguf(WORDS.words()), config(WORDS.size())), WORDS)).isEmpty();
        var blanks = WORDS.words().stream().map(word -> "\u2581" + word).toList();
        assertThat(TokenizerComparison.of(new StartingFiles.Language(gguf(blanks), config(WORDS.size())), WORDS)).isEmpty();
        var moved = new ArrayList<>(WORDS.words());
        Collections.rotate(moved.subList(4, moved.size()), 1);
        assertThat(TokenizerComparison.of(new StartingFiles.Language(gguf(moved), config(WORDS.size())), WORDS)).get()
                .satisfies(difference -> assertThat(difference.field()).isEqualTo("tokenizer"));
    }

    @Test
    void anIdBeyondTheTableIsADifference() throws IOException {
        var found = TokenizerComparison.of(new StartingFiles.Language(gguf(WORDS.words()), config(6)), WORDS);
        assertThat(found).get().asString().contains("6 ids", "makes the id");
    }
}
