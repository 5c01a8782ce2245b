package dev.fusedit.fusion.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// A `tokenizer.json` that is well-formed JSON and nearly a tokenizer makes tokens of any text, or is refused by a [UserError]. A process
/// that ends leaves the file behind, in a folder `tokenizer…` of `/dev/shm` or of the folder for temporary files.
class TokenizerFuzzTest {
    private static final Path MEMORY = Path.of("/dev/shm");
    static final List<String> TEXTS =
            List.of("", " ", "a cat", " a  cat  ", "cat b", "<bos> at<eos>\n\n<unk>", "<|endoftext|>  <|startoftext|>",
                    "É e\u0301 ﷺ İ ﬁ \u0345", "😀\u200d👩 猫 ฉัน", "\u0000\u0001\ufffd\ufeff", "Cat's 1234 !?--\r\n\t ", "\ud800",
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    "at ".repeat(300));

    /// Writes halves of characters as escapes.
    private static final JsonMapper JSON = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
    private static final Path FILE = folder("tokenizer.json").resolve("tokenizer.json");
    private static final JsonNode SEEDS = resource("tokenizers.json");

    /// A folder for files of these names, in memory where that is possible.
    static Path folder(String... names) {
        try {
            var folder = Files.isWritable(MEMORY) ? Files.createTempDirectory(MEMORY, "tokenizer") : Files.createTempDirectory("tokenizer");
            folder.toFile().deleteOnExit();
            for (var name : names) {
                folder.resolve(name).toFile().deleteOnExit();
            }
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode resource(String name) {
        try (var in = TokenizerFuzzTest.class.getResourceAsStream(name)) {
            return JSON.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<byte[]> seeds() { return MutatedJson.seeds(); }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void nearlyTokenizers(byte[] choices) throws IOException {
        Files.write(FILE, JSON.writeValueAsBytes(MutatedJson.of(choices, SEEDS)));
        use(FILE);
    }

    /// Opens a file and does with it all that is done with tokenizers.
    static void use(Path file) {
        try (var tokenizer = SubwordTokenizer.open(file)) {
            for (var text : TEXTS) {
                try {
                    assertThat(tokenizer.encode(text)).isEqualTo(tokenizer.encode(text));
                    tokenizer.decode(tokenizer.bare(text));
                } catch (UserError e) {
                    assertThat(e).hasMessageStartingWith(file.toString());
                }
            }
            tokenizer.decode(0, 1, 2, 3, 4, 5, 17, 1 << 20, Integer.MAX_VALUE, -1);
            tokenizer.decode();
        } catch (UserError e) {
            assertThat(e).hasMessageStartingWith(file.toString());
        }
    }
}
