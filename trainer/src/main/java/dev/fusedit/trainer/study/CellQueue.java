package dev.fusedit.trainer.study;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.step.DivergedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// Trains and measures cells, several side by side, each as far as it is not there yet.
///
/// @param logs folder of what the commands say
/// @param stopped whether no further command is to begin
record CellQueue(CellProcesses processes, int sideBySide, Path logs, BooleanSupplier stopped) {
    private static final int TOLD = 3;

    /// What became of a cell.
    enum End { MEASURED, DIVERGED, STOPPED }

    /// @param done told of each cell at its end, on the thread that ran it
    /// @throws UserError naming the first cell that could not be made, when those beside it have ended
    void run(List<Cell> cells, Consumer<Ended> done) {
        try (var threads = Executors.newFixedThreadPool(sideBySide)) {
            var failed = new java.util.concurrent.atomic.AtomicBoolean();
            var ends = cells.stream().map(cell -> threads.submit(() -> {
                if (failed.get()) return;
                try {
                    done.accept(new Ended(cell, end(cell)));
                } catch (RuntimeException e) {
                    failed.set(true);
                    throw e;
                }
            })).toList();
            for (var end : ends) await(end);
        }
    }

    record Ended(Cell cell, End end) {}

    private static void await(Future<?> end) {
        try {
            end.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) throw cause;
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while cells ran", e);
        }
    }

    private End end(Cell cell) {
        if (!cell.isTrained()) {
            if (cell.hasDiverged()) return End.DIVERGED;
            if (stopped.getAsBoolean()) return End.STOPPED;
            int status = command(cell, cell.train());
            if (stopped.getAsBoolean() && !cell.isTrained()) return End.STOPPED;
            if (status == DivergedException.STATUS) {
                cell.noteDivergence();
                return End.DIVERGED;
            }
            if (status != 0) throw failure(cell, cell.trainCommand(), status);
        }
        if (!cell.isMeasured()) {
            if (stopped.getAsBoolean()) return End.STOPPED;
            int status = command(cell, cell.measure());
            if (stopped.getAsBoolean() && !cell.isMeasured()) return End.STOPPED;
            if (status != 0) throw failure(cell, cell.measureCommand(), status);
        }
        return End.MEASURED;
    }

    private int command(Cell cell, List<String> words) {
        try {
            Files.createDirectories(logs);
            return processes.run(words, cell.environment(), log(cell));
        } catch (IOException e) {
            throw WriteFailure.of(logs, e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while a cell ran", e);
        }
    }

    private Path log(Cell cell) { return logs.resolve(cell.name().replace(", ", "-").replace(' ', '-') + ".log"); }

    /// @return what its command said last
    String lastWords(Cell cell) {
        try {
            var lines = Files.exists(log(cell)) ? Files.readAllLines(log(cell)) : List.<String>of();
            return lines.subList(Math.max(0, lines.size() - TOLD), lines.size()).stream().map(line -> "  " + line)
                    .collect(Collectors.joining("\n"));
        } catch (IOException e) {
            return "  " + log(cell) + " cannot be read";
        }
    }

    private UserError failure(Cell cell, String command, int status) {
        return new UserError("%s ended with exit code %d:%n%s%nAll that it said: %s. Its command: %s".formatted(cell.name(), status,
                lastWords(cell), log(cell), command));
    }
}
