package dev.fusedit.trainer.log;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// How far a run is, on the console: one line that rewrites itself on a terminal, else a line every few seconds, and always the
/// last step of a stage. Any thread may write it: those that train, that read ahead, and that hear a signal do.
public final class ProgressLine {
    private static final long REWRITE_NANOS = 100_000_000L;
    private static final long LINE_NANOS = 5_000_000_000L;
    private static final int BAR = 20;
    /// A shorter one says nothing.
    private static final int SHORTEST_BAR = 5;
    private static final String CLEAR = "\r\u001b[K";

    private final PrintWriter out;
    private final boolean terminal;
    private final LongSupplier nanoTime;
    private final int columns;
    private long last;
    private boolean shown;
    private boolean pending;

    /// @param step of `total` steps of the stage
    /// @param loss NaN too; null where nothing is trained
    /// @param secondsLeft of the run
    public record Progress(String stage, long step, long total, @Nullable Double loss, double imagesPerSecond, double secondsLeft) {
        /// Of something that is only counted.
        public static Progress counted(String what, long done, long total, double secondsLeft) {
            return new Progress(what, done, total, null, 0, secondsLeft);
        }

        String text() { return text(Integer.MAX_VALUE); }

        /// With a bar as long as there is room for; without one the text may still be longer.
        ///
        /// @param columns that there are
        String text(int columns) {
            var said = String.format(Locale.ROOT, "%d/%d  %s%s%s left", step, total,
                    loss == null ? "" : String.format(Locale.ROOT, "loss %.4f  ", loss), speed(), clock(secondsLeft));
            var name = String.format(Locale.ROOT, "%-6s ", stage);
            int bar = Math.min(BAR, columns - name.length() - "[] ".length() - said.length());
            return name + (bar < SHORTEST_BAR ? "" : bar(bar)) + said;
        }

        private String bar(int length) {
            int done = (int) (length * Math.min(step, total) / Math.max(1, total));
            return "[%s%s] ".formatted("#".repeat(done), ".".repeat(length - done));
        }

        /// Nothing in a stage without images.
        private String speed() {
            if (imagesPerSecond <= 0) return "";
            return String.format(Locale.ROOT, imagesPerSecond < 10 ? "%.1f images/s  " : "%.0f images/s  ", imagesPerSecond);
        }
    }

    ProgressLine(PrintStream out, boolean terminal, LongSupplier nanoTime) { this(out, terminal, nanoTime, Terminal.columns(null)); }

    /// @param columns of the terminal, if it is one
    ProgressLine(PrintStream out, boolean terminal, LongSupplier nanoTime, int columns) {
        this(new PrintWriter(out, false, out.charset()), terminal, nanoTime, columns);
    }

    private ProgressLine(PrintWriter out, boolean terminal, LongSupplier nanoTime, int columns) {
        this.out = out;
        this.terminal = terminal;
        this.nanoTime = nanoTime;
        this.columns = terminal ? columns - 1 : Integer.MAX_VALUE; // in the last column some terminals begin a new line
    }

    /// For runs inside another program.
    public static ProgressLine silent() {
        return new ProgressLine(new PrintStream(PrintStream.nullOutputStream()), false, System::nanoTime);
    }

    /// Standard output is for results.
    public static ProgressLine onStderr() {
        return new ProgressLine(System.err, Terminal.isStderr(), System::nanoTime, Terminal.columns());
    }

    /// On a writer that leads to standard error.
    public static ProgressLine on(PrintWriter stderr) {
        return new ProgressLine(stderr, Terminal.isStderr(), System::nanoTime, Terminal.columns());
    }

    /// On no terminal, with a clock of one's own.
    public static ProgressLine on(PrintStream out, LongSupplier nanoTime) { return new ProgressLine(out, false, nanoTime); }

    public synchronized void update(Progress progress) {
        long now = nanoTime.getAsLong();
        boolean ends = progress.step >= progress.total;
        if (shown && !ends && now - last < (terminal ? REWRITE_NANOS : LINE_NANOS)) return;
        last = now;
        shown = true;
        show(progress.text(columns), ends);
    }

    /// Shows a state at once, however soon after the one before: elsewhere than on a terminal each is a line. What is to be written over is
    /// cut to the terminal's width: of a longer one the first row would stay.
    ///
    /// @param ends whether it stays, on a terminal too
    public synchronized void show(String text, boolean ends) {
        boolean rewritten = terminal && !ends;
        out.print((terminal ? CLEAR : "") + (rewritten ? cut(text) : text) + (rewritten ? "" : "\n"));
        out.flush();
        pending = rewritten;
    }

    private String cut(String text) {
        if (text.codePointCount(0, text.length()) <= columns) return text;
        return text.substring(0, text.offsetByCodePoints(0, columns));
    }

    /// A line of its own; on a terminal it takes the place of the progress, which comes again with the next update.
    public synchronized void message(String text) {
        out.print((pending ? CLEAR : "") + text + "\n");
        out.flush();
        pending = false;
        shown = false;
    }

    /// Leaves the last state standing, so that what is printed next begins on a line of its own.
    public synchronized void close() {
        if (pending) {
            out.println();
            out.flush();
        }
        pending = false;
    }

    /// 4:05, or 1:02:03 from an hour on.
    public static String clock(double seconds) {
        if (!Double.isFinite(seconds)) return "?";
        long whole = Math.max(0, Math.round(seconds));
        long hours = whole / 3600;
        return hours > 0 ? String.format(Locale.ROOT, "%d:%02d:%02d", hours, whole / 60 % 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
    }
}
