package dev.fusedit.fusion.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// In processes of their own, since a library is loaded once.
@EnabledOnOs(OS.LINUX)
class TokenizerNativesTest {
    private static final String WORDS = """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
         "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
         "model": {"type": "WordLevel", "vocab": {"a": 0, "red": 1, "circle": 2, "[UNK]": 3}, "unk_token": "[UNK]"}}
        """;

    @TempDir
    private Path temp;

    static final class Open {
        private Open() {}

        public static void main(String[] args) {
            try (var tokenizer = SubwordTokenizer.open(Path.of(args[0]))) {
                IO.println(tokenizer.bare("a red circle").length);
            } catch (RuntimeException e) {
                IO.println(e.getMessage());
            }
        }
    }

    private String open(String cache) throws IOException, InterruptedException {
        var file = Files.writeString(temp.resolve("tokenizer.json"), WORDS);
        var builder = new ProcessBuilder(List.of(System.getProperty("java.home") + "/bin/java", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), Open.class.getName(), file.toString())).redirectErrorStream(true);
        builder.environment().put("DJL_CACHE_DIR", cache);
        builder.environment().remove("ENGINE_CACHE_DIR");
        var process = builder.start();
        var out = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(out).isZero();
        return out;
    }

    /// And so it is unpacked to where the library looks: only one of both is there afterwards.
    @Test
    void theLibraryLoadsWhatIsUnpackedForIt() throws Exception {
        var cache = temp.resolve("a cache");
        assertThat(open(cache.toString())).endsWith("3\n");
        try (var files = Files.walk(cache)) {
            assertThat(files.filter(Files::isRegularFile)).hasSize(1).allMatch(file -> file.toString().endsWith("libtokenizers.so"));
        }
    }

    @ParameterizedTest
    @CsvSource({"/proc,No such file or directory", "/dev/null,Not a directory", "/sys/kernel,Operation not permitted|Permission denied"})
    void aFolderThatTakesNothingIsNamedWithTheReason(String cache, String reason) throws Exception {
        assertThat(open(cache))
                .containsPattern(cache + "\\S*: the tokenizer's native library \\(15 MB\\) cannot be unpacked there: (%s|File exists)\\. "
                        .formatted(reason))
                .contains("DJL_CACHE_DIR").doesNotContain("\tat ", "Exception");
    }

    @Test
    void whatIsNoLibraryIsNamedWithTheReason() throws Exception {
        open(temp.resolve("whole").toString());
        Path file;
        try (var files = Files.walk(temp.resolve("whole"))) {
            file = files.filter(Files::isRegularFile).findFirst().orElseThrow();
        }
        Files.writeString(file, "cut off");
        assertThat(open(temp.resolve("whole").toString())).contains(file.toString(), "the tokenizer's native library, cannot be loaded: ",
                "file too short").doesNotContain("\tat ");
    }
}
