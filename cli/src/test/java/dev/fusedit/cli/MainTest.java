package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) { return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true)); }

    @Test
    void versionIsMavens() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString()).matches("fusedit \\d+\\.\\d+\\.\\d+\\S*\\R");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void helpNamesEveryCommand() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).contains("doctor", "shell", "--libtorch");
    }

    @Test
    void everyCommandHasHelp() {
        var commands = new Fusedit().commandLine().getSubcommands().keySet();
        assertThat(commands).isNotEmpty().allSatisfy(command -> assertThat(run(command, "--help")).as(command).isZero());
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void noCommandIsBadUsage() {
        assertThat(run()).isEqualTo(2);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).contains("Usage: fusedit");
    }

    @Test
    void misspeltCommandIsCorrected() {
        assertThat(run("docter")).isEqualTo(2);
        assertThat(err.toString()).contains("'docter'", "Did you mean: fusedit doctor?").doesNotContain("\tat ");
    }

    @Test
    void unknownOptionNamesItselfAndTheHelp() {
        assertThat(run("shell", "--nope")).isEqualTo(2);
        assertThat(err.toString()).contains("--nope", "See: fusedit shell --help");
    }

    @Test
    void missingFileIsBadInput() {
        assertThat(run("shell", "no/such/file.jsh")).isEqualTo(2);
        assertThat(err.toString()).isEqualToNormalizingNewlines("no/such/file.jsh: no such file\n");
    }

    @Test
    void debugShowsTheStackTrace() {
        assertThat(run("--debug", "shell", "no/such/file.jsh")).isEqualTo(2);
        assertThat(err.toString()).contains("no/such/file.jsh: no such file", "\tat dev.fusedit.cli.Notebook");
    }
}
