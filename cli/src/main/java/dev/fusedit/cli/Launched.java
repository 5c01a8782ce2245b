package dev.fusedit.cli;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.distributed.PeerLost;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The processes of a launched command. What rank 0 prints goes where this process prints; lines of the others have their rank before them.
///
/// Where one ends badly, the others are given time to notice and to say so; then they are asked to end, and then made to. All have ended
/// within [#NOTICE] and [#ENDING].
final class Launched {
    private static final long LOOK_MILLIS = 50;
    private static final long NOTICE = TimeUnit.SECONDS.toNanos(5);
    private static final long ENDING = TimeUnit.SECONDS.toNanos(15);
    private static final int OF_SIGNAL = 128;
    static final String DEVICES = "CUDA_VISIBLE_DEVICES";

    private final List<String> command;
    private final PrintWriter out;
    private final PrintWriter err;
    private final List<Process> ranks = new ArrayList<>();
    private final List<Thread> readers = new ArrayList<>();
    private boolean stopped;

    Launched(List<String> command, PrintWriter out, PrintWriter err) {
        this.command = command;
        this.out = out;
        this.err = err;
    }

    /// @param threads of each; null for what the environment says
    synchronized void start(int count, @Nullable Integer threads, int port) {
        for (int rank = 0; rank < count && !stopped; rank++) {
            var builder = new ProcessBuilder(OwnProcess.command(command, List.of())).redirectInput(Redirect.from(new File("/dev/null")));
            if (rank == 0) builder.redirectOutput(Redirect.INHERIT).redirectError(Redirect.INHERIT);
            var environment = builder.environment();
            environment.putAll(Map.of("RANK", Integer.toString(rank), "LOCAL_RANK", Integer.toString(rank), "WORLD_SIZE",
                    Integer.toString(count), "LOCAL_WORLD_SIZE", Integer.toString(count), "MASTER_ADDR", "127.0.0.1", "MASTER_PORT",
                    Integer.toString(port)));
            environment.put("FUSEDIT_LAUNCH", "launch --nproc %d -- ".formatted(count)); // for commands that are printed to go on with
            if (threads != null) environment.put("OMP_NUM_THREADS", threads.toString());
            environment.put(DEVICES, device(environment.getOrDefault(DEVICES, ""), rank));
            try {
                var process = builder.start();
                ranks.add(process);
                if (rank > 0) pass(process, "[rank %d] ".formatted(rank));
            } catch (IOException e) {
                kill();
                throw new UserError("launch: a process cannot be started: " + e.getMessage(), e);
            }
        }
    }

    /// The one of the visible CUDA devices that a rank computes on, its `cuda:0`.
    private static String device(String visible, int rank) {
        var all = visible.isBlank() ? List.<String>of() : List.of(visible.split(","));
        return rank < all.size() ? all.get(rank) : Integer.toString(rank);
    }

    private void pass(Process process, String before) {
        readers.add(Thread.ofPlatform().daemon().start(() -> pass(process.inputReader(), before, out)));
        readers.add(Thread.ofPlatform().daemon().start(() -> pass(process.errorReader(), before, err)));
    }

    private static void pass(BufferedReader lines, String before, PrintWriter to) {
        try (lines) {
            lines.lines().forEach(line -> to.println(before + line));
        } catch (IOException | UncheckedIOException e) {
            to.println(before + "its output cannot be read any more: " + e.getMessage());
        }
    }

    /// Waits for all.
    ///
    /// @return 0, or the status of the first one that ended badly
    int await() throws InterruptedException {
        while (ranks.stream().anyMatch(Process::isAlive)) {
            var failed = failed();
            if (failed.isPresent()) {
                endOthers(failed.getAsInt());
                return ended(ranks.get(failed.getAsInt()).exitValue());
            }
            Thread.sleep(LOOK_MILLIS);
        }
        var failed = failed();
        return ended(failed.isPresent() ? ranks.get(failed.getAsInt()).exitValue() : ExitCode.OK);
    }

    private int ended(int status) throws InterruptedException {
        for (var reader : readers) reader.join(LOOK_MILLIS * 20);
        return status;
    }

    /// One that ended badly; if several did, one that was killed, and none that has only noticed that another is gone.
    private OptionalInt failed() {
        return IntStream.range(0, ranks.size()).filter(rank -> !ranks.get(rank).isAlive() && ranks.get(rank).exitValue() != ExitCode.OK)
                .boxed().min(Comparator.comparing((Integer rank) -> ranks.get(rank).exitValue() == PeerLost.STATUS)
                        .thenComparing(rank -> ranks.get(rank).exitValue() <= OF_SIGNAL))
                .map(OptionalInt::of).orElseGet(OptionalInt::empty);
    }

    private void endOthers(int failed) throws InterruptedException {
        int status = ranks.get(failed).exitValue();
        if (!isStopped() && !allEnd(NOTICE / 5)) {
            err.println("launch: rank %d has ended with status %d%s; the others are ended".formatted(failed, status,
                    status > OF_SIGNAL && status != PeerLost.STATUS ? " (signal %d)".formatted(status - OF_SIGNAL) : ""));
        }
        if (allEnd(NOTICE)) return;
        terminate();
        if (!allEnd(ENDING)) kill();
    }

    private boolean allEnd(long nanos) throws InterruptedException {
        long end = System.nanoTime() + nanos;
        for (var process : ranks) {
            if (!process.waitFor(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)) return false;
        }
        return true;
    }

    private synchronized boolean isStopped() { return stopped; }

    /// Asks all to end, by SIGTERM: they save first.
    synchronized void stop() {
        stopped = true;
        terminate();
    }

    private synchronized void terminate() { ranks.forEach(process -> process.toHandle().destroy()); }

    synchronized void kill() {
        stopped = true;
        ranks.forEach(Process::destroyForcibly);
    }
}
