package dev.fusedit.cli;

import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.MemoryShortage;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.distributed.PeerLost;
import dev.fusedit.trainer.run.Interrupted;
import dev.fusedit.trainer.step.DivergedException;
import java.io.PrintWriter;
import java.io.Writer;

/// What went wrong, for the person who typed the command.
final class Failure {
    private Failure() {}

    static int report(Throwable thrown, boolean debug, PrintWriter err) {
        if (debug) {
            thrown.printStackTrace(err);
        }
        return switch (thrown) {
            case UserError mistake -> say(err, mistake.getMessage(), ExitCode.BAD_INPUT);
            case LibtorchUnavailable missing -> say(err, missing.getMessage(), ExitCode.ENVIRONMENT);
            case PeerLost lost -> say(err, lost.getMessage(), PeerLost.STATUS);
            case DivergedException diverged -> say(err, diverged.getMessage(), ExitCode.DIVERGED);
            case Interrupted stopped -> say(err, stopped.getMessage(), stopped.status());
            case OutOfMemoryError full -> say(err, MemoryShortage.ofJava(full), ExitCode.ENVIRONMENT);
            default -> say(err, "Failed: " + summary(thrown) + (debug ? "" : "\n--debug shows where."), ExitCode.CHECK_FAILED);
        };
    }

    /// The status that a command ends with that throws this.
    static int status(Throwable thrown) { return report(thrown, false, new PrintWriter(Writer.nullWriter())); }

    private static int say(PrintWriter err, String message, int exitCode) {
        err.println(message);
        return exitCode;
    }

    /// One line, with the kind of exception where it says more than the message.
    private static String summary(Throwable thrown) {
        var message = thrown.getMessage();
        var kind = thrown.getClass().getSimpleName();
        return message == null || message.isBlank() ? kind : kind + ": " + message.lines().findFirst().orElseThrow();
    }
}
