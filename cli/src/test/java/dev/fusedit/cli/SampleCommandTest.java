package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.fusedit.torch.Device;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is refused before any model is looked for; `SampleRunTest` samples.
class SampleCommandTest {
    @TempDir
    Path temp;

    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.run(arguments, new PrintWriter(new StringWriter(), true), new PrintWriter(err, true));
    }

    @ParameterizedTest
    @CsvSource({"-n, 2147483647", "-n, 0", "--steps, 2147483647", "--guidance, Infinity", "--guidance, NaN", "--guidance, 1e30",
        "--guidance, 0.5", "--width, 2147483640", "--height, 2147483640", "--batch, 2147483647", "--steps, 99999999999"})
    void numbersHaveBounds(String option, String value) {
        assertThat(run("sample", "--model", "none", "--prompt", "a", "--out", temp.resolve("x").toString(), option, value)).isEqualTo(2);
        assertThat(err.toString()).contains(option).doesNotContain("Exception", "none: no such");
        assertThat(temp.resolve("x")).doesNotExist();
    }

    @Test
    void soHaveProducts() {
        assertThat(
                run("sample", "--model", "none", "--prompt", "a", "--prompt", "b", "-n", "9000000", "--out", temp.resolve("x").toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("-n times the number of prompts must be at most");
    }

    /// For all commands: see `Main`.
    @ParameterizedTest
    @CsvSource({"sample --model none --prompt a --out", "sample --prompt a --out x --model", "train tests/minimal --out",
        "eval --model", "export --out x --model", "export --model none --out", "plan tests/minimal --libtorch", "bench train-s --export",
        "sample --model none --out x --prompt-file"})
    void anEmptyPathIsRefused(String words) {
        var arguments = Arrays.copyOf(words.split(" "), words.split(" ").length + 1);
        for (var empty : new String[] {"", " "}) {
            arguments[arguments.length - 1] = empty;
            assertThat(run(arguments)).as(words).isEqualTo(2);
            assertThat(err.toString()).contains("the path is empty");
        }
    }

    @ParameterizedTest
    @CsvSource({"/", "pictures.jpg", "x.webp"})
    void placesThatTakeNoImagesAreRefused(String out) {
        assertThat(run("sample", "--model", "none", "--prompt", "a", "--out", out)).isEqualTo(2);
        assertThat(err.toString()).contains("--out " + out).doesNotContain("Exception");
    }

    @Test
    void whatIsThereIsNotReplaced() throws IOException {
        var grid = Files.writeString(temp.resolve("g.png"), "x");
        var folder = Files.createDirectories(temp.resolve("folder"));
        Files.writeString(folder.resolve("00000.png"), "x");
        for (var out : new Path[] {grid, folder}) {
            assertThat(run("sample", "--model", "none", "--prompt", "a", "--out", out.toString())).isEqualTo(2);
            assertThat(err.toString()).contains(out + " is there already", "--force");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sample --prompt a --out x", "eval", "serve"})
    void aDeviceThatIsNotHereIsNamed(String command) {
        assumeFalse(Device.cuda(0).isAvailable());
        assertThat(run((command + " --model ../examples/models/blocks --device cuda:0").split(" "))).isEqualTo(3);
        assertThat(err.toString()).startsWith("The device cuda:0 was asked for, but libtorch").contains("--device cpu");
    }

    @Test
    void optionsThatHaveNoEffectAreRefused() {
        assertThat(run("eval", "--self-check", "--steps", "4")).isEqualTo(2);
        assertThat(err.toString()).contains("--self-check samples nothing");
        assertThat(run("eval", "--model", "none", "--images-per-kind", "4")).isEqualTo(2);
        assertThat(err.toString()).contains("--images-per-kind is for --self-check");
        assertThat(run("eval", "--images", temp.toString(), "--device", "cpu")).isEqualTo(2);
        assertThat(err.toString()).contains("--device is for what computes");
    }
}
