package dev.fusedit.trainer.data.shards;

import dev.fusedit.torch.UserError;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/// What a command of the shell writes to its standard output. At its end it is asked how it went: a command that failed has written no
/// archive, whatever came of it.
final class PipedCommand extends InputStream {
    private static final ProcessBuilder.Redirect NOTHING = ProcessBuilder.Redirect.from(new File("/dev/null"));
    private static final int LINES = 5;
    private static final int LINE = 500;

    private final String command;
    private final Process process;
    private final Thread messages;
    private final Deque<String> last = new ArrayDeque<>();

    /// Runs it, with nothing to read on its standard input.
    ///
    /// @throws UserError if there is no shell
    PipedCommand(String command) {
        this.command = command;
        try {
            process = new ProcessBuilder("/bin/sh", "-c", command).redirectInput(NOTHING)
                    .start();
        } catch (IOException e) {
            throw new UserError("pipe:%s: cannot be run: %s".formatted(command, e.getMessage()), e);
        }
        messages = Thread.ofVirtual().name("messages of a command").start(this::keepMessages);
    }

    private void keepMessages() {
        var line = new StringBuilder();
        try (var in = process.errorReader(StandardCharsets.UTF_8)) {
            for (int c; (c = in.read()) >= 0;) {
                if (c == '\n' || c == '\r') {
                    keep(line);
                } else if (line.length() < LINE) {
                    line.append((char) c);
                }
            }
        } catch (IOException _) {
            // it was ended
        }
        keep(line);
    }

    private void keep(StringBuilder line) {
        if (!line.toString().isBlank()) {
            synchronized (last) {
                last.addLast(line.toString().strip());
                if (last.size() > LINES) last.removeFirst();
            }
        }
        line.setLength(0);
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /// @throws UserError at the end, if the command failed
    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = process.getInputStream().read(buffer, offset, length);
        if (count < 0) requireSuccess();
        return count;
    }

    private void requireSuccess() {
        try {
            int status = process.waitFor();
            if (status == 0) return;
            messages.join();
            throw new UserError("pipe:%s: the command ended with status %d%s".formatted(command, status, said()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("pipe:%s: interrupted while it ran".formatted(command), e);
        }
    }

    private String said() {
        synchronized (last) {
            return last.isEmpty() ? ", and said nothing" : ": " + String.join("\n  ", last);
        }
    }

    /// Ends it, and what it has started, if it still runs.
    @Override
    public void close() throws IOException {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
        process.getInputStream().close();
    }
}
