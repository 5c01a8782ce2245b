package dev.fusedit.cli;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.ParseResult;

/// `--quiet`: what a command says on standard error is kept back, and told only if it ends badly; the newest [#MOST] bytes of it then. Results
/// and errors are not held back.
final class Quiet implements IExecutionStrategy {
    private static final int MOST = 16 << 10;

    private final IExecutionStrategy command;
    private final PrintWriter err;

    /// @param err where errors go
    Quiet(IExecutionStrategy command, PrintWriter err) {
        this.command = command;
        this.err = err;
    }

    @Override
    public int execute(ParseResult parsed) {
        var kept = new Kept();
        var before = System.err; // where progress goes
        boolean well = false;
        System.setErr(new PrintStream(kept, true, StandardCharsets.UTF_8));
        root(parsed.commandSpec().commandLine()).setErr(new PrintWriter(System.err, true));
        try {
            int exitCode = command.execute(parsed);
            well = exitCode == ExitCode.OK;
            return exitCode;
        } finally {
            System.setErr(before);
            if (!well) err.print(kept.text());
            err.flush();
        }
    }

    private static CommandLine root(CommandLine command) { return command.getParent() == null ? command : root(command.getParent()); }

    /// Any number of threads write.
    private static final class Kept extends OutputStream {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public void write(int b) { write(new byte[] {(byte) b}, 0, 1); }

        @Override
        public synchronized void write(byte[] from, int offset, int length) {
            if (bytes.size() > 2 * MOST) dropOldest();
            bytes.write(from, offset, length);
        }

        private void dropOldest() {
            var all = bytes.toByteArray();
            bytes.reset();
            bytes.write(all, all.length - MOST, MOST);
        }

        synchronized String text() { return bytes.toString(StandardCharsets.UTF_8); }
    }
}
