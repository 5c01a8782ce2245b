package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.UserError;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class FailureTest {
    private final StringWriter err = new StringWriter();

    private int report(Throwable thrown) { return Failure.report(thrown, false, new PrintWriter(err, true)); }

    @Test
    void mistakeOfTheUserIsItsMessageAnd2() {
        assertThat(report(new UserError("recipe a.yaml:3: unknown key 'x'"))).isEqualTo(2);
        assertThat(err.toString()).isEqualToNormalizingNewlines("recipe a.yaml:3: unknown key 'x'\n");
    }

    @Test
    void missingLibtorchIsItsMessageAnd3() {
        assertThat(report(new LibtorchUnavailable("no libtorch in /x"))).isEqualTo(3);
        assertThat(err.toString()).isEqualToNormalizingNewlines("no libtorch in /x\n");
    }

    @Test
    void fullHeapSaysHowToEnlargeIt() {
        assertThat(report(new OutOfMemoryError("Java heap space"))).isEqualTo(3);
        assertThat(err.toString()).contains("FUSEDIT_JAVA_OPTS=-Xmx");
    }

    @Test
    void bugIsOneLineAndAHintAnd1() {
        assertThat(report(new IllegalStateException("first\nsecond"))).isEqualTo(1);
        assertThat(err.toString()).isEqualToNormalizingNewlines("Failed: IllegalStateException: first\n--debug shows where.\n");
    }
}
