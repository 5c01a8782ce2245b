package dev.fusedit.trainer.log;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/// A command of a person's that is told what a run tells: a line of JSON each on its standard input, which ends with the run. It may be slow,
/// fail or hang: rows that it does not take wait in a bounded queue, then are left out and counted, and the run goes on.
///
/// The shell reads the command (`/bin/sh -c`), as that of `pipe:`. Ctrl-C does not end it, so that it hears of the end. What it says goes into
/// a file. Its owner's thread calls; another one writes.
public final class RowHook implements AutoCloseable {
    private static final int WAITING = 1_000;
    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final long POLL_MILLIS = 100;
    private static final String NAME = "logging.hook";

    private final Process process;
    private final Consumer<String> said;
    private final Path log;
    private final Duration grace;
    private final BlockingQueue<String> waiting;
    private final Thread thread;
    private final AtomicReference<String> problem = new AtomicReference<>();
    private volatile boolean closing;
    private volatile boolean broken;
    private long told;
    private long dropped;

    private RowHook(Process process, Path log, int waiting, Duration grace, Consumer<String> said) {
        this.process = process;
        this.log = log;
        this.grace = grace;
        this.said = said;
        this.waiting = new ArrayBlockingQueue<>(waiting);
        thread = Thread.ofPlatform().name(NAME).daemon().start(this::work);
    }

    /// @param environment variables that it has beside this process's
    /// @param log what it says, behind what is there
    /// @param said told, on the thread that calls, what goes wrong; each once
    /// @throws IOException if there is no shell
    public static RowHook start(String command, Map<String, String> environment, Path log, Consumer<String> said) throws IOException {
        return start(command, environment, log, WAITING, GRACE, said);
    }

    static RowHook start(String command, Map<String, String> environment, Path log, int waiting, Duration grace, Consumer<String> said)
            throws IOException {
        var builder = new ProcessBuilder("/bin/sh", "-c", "trap '' INT HUP\n" + command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(new File(log.toString())));
        builder.environment().putAll(environment);
        return new RowHook(builder.start(), log, waiting, grace, said);
    }

    /// A line, without its break. Takes no time.
    public void row(String line) {
        tell();
        told++;
        if (broken || waiting.offer(line)) return;
        if (dropped++ == 0) said.accept(NAME + " is slow: rows are left out for it. The run goes on");
    }

    /// The last line, for which there is room when what is before it is taken.
    public void last(String line) {
        tell();
        told++;
        try {
            if (!broken && !waiting.offer(line, grace.toNanos(), TimeUnit.NANOSECONDS)) dropped++;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell() {
        var text = problem.getAndSet(null);
        if (text != null) said.accept(text);
    }

    private void work() {
        try (var out = process.getOutputStream()) {
            for (String line;;) {
                line = waiting.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
                if (line != null) write(out, line);
                else if (closing) return;
                else if (!process.isAlive()) throw new IOException("it has ended");
            }
        } catch (IOException _) {
            if (closing) return; // its status tells
            broken = true;
            problem.set(ended());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(OutputStream out, String line) throws IOException {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        if (waiting.isEmpty()) out.flush();
    }

    private String ended() {
        try {
            var status = process.waitFor(1, TimeUnit.SECONDS) ? "ended with status " + process.exitValue() : "takes no more rows";
            return "%s %s (%s has what it said). The run goes on without it".formatted(NAME, status, log);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return NAME + " was left";
        }
    }

    /// Gives it what still waits, and some seconds to end; then it is ended.
    @Override
    public void close() {
        closing = true;
        long until = System.nanoTime() + grace.toNanos();
        try {
            thread.join(grace);
            if (!process.waitFor(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                said.accept("%s did not end within %d s of the run and was ended".formatted(NAME, grace.toSeconds()));
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor(1, TimeUnit.SECONDS);
            } else if (!broken && process.exitValue() != 0) problem.set(ended());
        } catch (InterruptedException _) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        tell();
        if (dropped > 0) said.accept("%s missed %,d of %,d rows".formatted(NAME, dropped, told));
    }
}
