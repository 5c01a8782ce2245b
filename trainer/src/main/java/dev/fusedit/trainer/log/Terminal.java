package dev.fusedit.trainer.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Which of the process's streams are a person's terminal. Java tells only of standard input and output together; Linux of each by a link.
public final class Terminal {
    private static final int STDIN = 0;
    private static final int STDERR = 2;
    private static final int USUAL_COLUMNS = 80;

    private Terminal() {}

    public static boolean isStdin() { return is(STDIN); }

    /// Whether what is there can be written over.
    static boolean isStderr() { return !"dumb".equals(System.getenv("TERM")) && is(STDERR); }

    /// What the launcher asked the terminal for at its start, or whoever set `COLUMNS`.
    static int columns() { return columns(System.getenv("COLUMNS")); }

    /// @param said null if nobody did
    static int columns(@Nullable String said) {
        return said != null && said.matches("[1-9][0-9]{0,4}") ? Integer.parseInt(said) : USUAL_COLUMNS;
    }

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
