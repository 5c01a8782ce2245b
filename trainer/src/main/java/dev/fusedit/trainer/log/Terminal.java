package dev.fusedit.trainer.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Which of the process's streams are a person's terminal. Java tells only of standard input and output together; Linux of each by a link.
public final class Terminal {
    private static final int STDIN = 0;
    private static final int STDERR = 2;

    private Terminal() {}

    public static boolean isStdin() { return is(STDIN); }

    /// Whether what is there can be written over.
    static boolean isStderr() { return !"dumb".equals(System.getenv("TERM")) && is(STDERR); }

    private static boolean is(int stream) {
        Path link = Path.of("/proc/self/fd/" + stream);
        try {
            if (Files.isSymbolicLink(link)) return Files.readSymbolicLink(link).toString().matches("/dev/(pts/|tty|console).*");
        } catch (IOException _) {
            return false;
        }
        return System.console() != null && System.console().isTerminal();
    }
}
