package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.step.DivergedException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
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
    void divergenceIsItsMessageAnd4() {
        assertThat(report(new DivergedException("joint", 7, "dit.0.weight", Double.NaN, 1, List.of(3L)))).isEqualTo(4);
        assertThat(err.toString()).startsWith("The training diverged: in stage 'joint' at step 8 ").contains("Lower the learning rate")
                .doesNotContain("DivergedException", "--debug");
    }

    @Test
    void bugIsOneLineAndAHintAnd1() {
        assertThat(report(new IllegalStateException("first\nsecond"))).isEqualTo(1);
        assertThat(err.toString()).isEqualToNormalizingNewlines("Failed: IllegalStateException: first\n--debug shows where.\n");
    }
}
