package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StandardOutputTest {
    @TempDir
    private Path temp;

    @Test
    void theFirstRefusalIsRememberedAndNothingFollowsIt() {
        var taken = new ByteArrayOutputStream();
        var stdout = new StandardOutput(new OutputStream() {
            @Override
            public void write(int letter) throws IOException {
                if (taken.size() == 3) throw new IOException("No space left on device");
                taken.write(letter);
            }
        });
        stdout.write("abc".getBytes(), 0, 3);
        assertThat(stdout.problem()).isNull();
        stdout.write('d');
        stdout.write('e');
        assertThat(taken.toString()).isEqualTo("abc");
        assertThat(stdout.problem()).isEqualTo("stdout could not be written to: No space left on device. The result is not whole");
    }

    @Test
    void aFailureKeepsItsOwnExitCode() {
        var err = new StringWriter();
        assertThat(Main.status(ExitCode.CHECK_FAILED, "stdout is full", new PrintWriter(err, true))).isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(Main.status(ExitCode.OK, "stdout is full", new PrintWriter(err, true))).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(Main.status(ExitCode.OK, null, new PrintWriter(err, true))).isEqualTo(ExitCode.OK);
    }

    /// Commands of each way to print: a result, help, a version, a notebook's own `IO.println`.
    @ParameterizedTest
    @EnabledOnOs(OS.LINUX)
    @ValueSource(strings = {"recipe show quickstart", "--help", "plan --help", "--version", "recipe list", "shell NOTEBOOK"})
    void aFullStdoutIsSaid(String words) throws Exception {
        var notebook = Files.writeString(temp.resolve("a.jsh"), "IO.println(1);\n");
        var found = run(words.replace("NOTEBOOK", notebook.toString()), new File("/dev/full"), "");
        assertThat(found.status()).as(found.err()).isEqualTo(2);
        assertThat(found.err()).isEqualTo("stdout could not be written to: No space left on device. The result is not whole\n");
    }

    // ---- snippets from a pipe

    /// A byte order mark in front is no snippet's.
    @ParameterizedTest
    @EnabledOnOs(OS.LINUX)
    @CsvSource({"int x = \"a\";,1,stdin:1: incompatible types", "IO.println(1 + 1);,0,2", "\ufeffIO.println(3);,0,3",
        "int f() { return g(); },1,unknown: method g()", "'',0,''"})
    void snippetsFromAPipeRunLikeAFile(String snippets, int status, String said) throws Exception {
        var found = run("shell", temp.resolve("out").toFile(), snippets);
        assertThat(found.status()).as(found.err()).isEqualTo(status);
        assertThat(found.err() + Files.readString(temp.resolve("out"))).contains(said).doesNotContain("jshell>");
    }

    private record Found(int status, String err) {}

    private Found run(String words, File out, String in) throws IOException, InterruptedException {
        var command =
                new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "--enable-native-access=ALL-UNNAMED", "-Xshare:auto",
                        "-Dstdout.encoding=UTF-8", "-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(words.split(" ")));
        var input = Files.writeString(temp.resolve("in"), in);
        var errors = temp.resolve("err");
        var process = new ProcessBuilder(command).redirectInput(input.toFile()).redirectOutput(out).redirectError(errors.toFile()).start();
        return new Found(process.waitFor(), Files.readString(errors));
    }
}
