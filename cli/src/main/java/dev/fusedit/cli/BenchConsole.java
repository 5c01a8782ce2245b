package dev.fusedit.cli;

import dev.fusedit.trainer.bench.Repetition;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.run.Interrupts;
import java.io.PrintWriter;
import java.util.function.Consumer;

/// Follows a measurement on stderr, and ends it after a repetition if a signal came while it ran: no process goes down under a kernel.
final class BenchConsole implements Consumer<Repetition>, AutoCloseable {
    private final ProgressLine line;
    private final Interrupts interrupts;
    private final OwnProcess processes = new OwnProcess();

    BenchConsole(PrintWriter stderr) {
        line = ProgressLine.on(stderr);
        Runnable onFirst = () -> {
            line.message("Stopping after this repetition. Once more to stop at once.");
            processes.stop();
        };
        interrupts = OwnProcess.isChild() ? Interrupts.watchAsChild(() -> {}) : Interrupts.watch(onFirst, processes::kill);
    }

    /// What measures in processes of their own.
    OwnProcess processes() { return processes; }

    void message(String text) { line.message(text); }

    /// @throws Stopped after the line, if a signal came
    @Override
    public void accept(Repetition repetition) {
        line.show(repetition.toString(), repetition.isLast() || interrupts.status() != 0);
        check("after " + repetition);
    }

    /// @throws Stopped if a signal came
    void check(String where) {
        if (interrupts.status() != 0) throw new Stopped(interrupts.status(), where);
    }

    @Override
    public void close() {
        line.close();
        interrupts.close();
    }

    /// A signal ended the measurement.
    static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final int status;

        Stopped(int status, String where) {
            super("Stopped " + where);
            this.status = status;
        }

        /// The exit status that the signal asks for.
        int status() { return status; }
    }
}
