package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.Model.CommandSpec;

class QuietTest {
    /// Commands whose result is no report, or that report nothing of their own.
    private static final Set<String> WITHOUT_JSON =
            Set.of("serve", "launch", "shell", "completion", "help", "recipe show", "recipe schema", "recipe new");

    private final StringWriter err = new StringWriter();

    private int run(IExecutionStrategy command) {
        return new Quiet(command, new PrintWriter(err, true)).execute(new Fusedit().commandLine().parseArgs("doctor", "--quiet"));
    }

    @Test
    void aCommandThatEndsWellSaysNothing() {
        var before = System.err;
        assertThat(run(parsed -> {
            System.err.println("progress");
            parsed.subcommand().commandSpec().commandLine().getErr().println("a note");
            return ExitCode.OK;
        })).isZero();
        assertThat(err.toString()).isEmpty();
        assertThat(System.err).isSameAs(before);
    }

    @Test
    void oneThatEndsBadlySaysWhatItWouldHave() {
        assertThat(run(parsed -> {
            for (int i = 0; i < 100_000; i++) System.err.println("step " + i);
            parsed.subcommand().commandSpec().commandLine().getErr().println("a note");
            return ExitCode.CHECK_FAILED;
        })).isEqualTo(1);
        assertThat(err.toString()).contains("step 99999", "a note").doesNotContain("step 5\n").hasSizeLessThan(100_000);
        assertThatThrownBy(() -> run(_ -> {
            System.err.println("before the error");
            throw new IllegalStateException();
        })).isInstanceOf(IllegalStateException.class);
        assertThat(err.toString()).contains("before the error");
    }

    @Test
    void whatReportsSpeaksJson() {
        assertThat(leaves(new Fusedit().commandLine().getCommandSpec()).filter(command -> command.findOption("--json") == null)
                .map(Examples::path)).containsExactlyInAnyOrderElementsOf(WITHOUT_JSON);
    }

    private static Stream<CommandSpec> leaves(CommandSpec command) {
        if (command.subcommands().isEmpty()) return Stream.of(command);
        return command.subcommands().values().stream().flatMap(below -> leaves(below.getCommandSpec()));
    }
}
