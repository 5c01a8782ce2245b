package dev.fusedit.trainer.study;

import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TextFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.log.ProgressLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// A study from its file to its tables: learning rates are tuned, what is missing is run, tables are written after each cell. What is there
/// is never run again, so a study that was stopped goes on.
public final class StudyRun {
    private final Study study;
    private final CellQueue queue;
    private final Consumer<String> said;
    private final BooleanSupplier stopped;
    private final Supplier<NoiseShares> levels;
    /// By the cell's name; of the threads that run cells, under this object's lock.
    private final Map<String, Measurement> measured = new LinkedHashMap<>();

    /// @param said told what goes on, a line each
    /// @param stopped whether no further cell is to begin
    public StudyRun(Study study, CellProcesses processes, int sideBySide, Consumer<String> said, BooleanSupplier stopped) {
        this.study = study;
        this.said = said;
        this.stopped = stopped;
        levels = Suppliers.memoize(study::levels);
        queue = new CellQueue(processes, sideBySide, study.out().resolve("logs"), stopped);
    }

    /// What is there of a study, which another process may be running: nothing is run here, and nothing written.
    ///
    /// @throws UserError if the endpoint is not the one that the study began with, or no run of it counts yet
    public static StudyResult there(Study study) {
        var run = new StudyRun(study, (_, _, _) -> {
            throw new IllegalStateException("nothing is run");
        }, 1, _ -> {}, () -> true);
        var result = run.found();
        if (result.cells().isEmpty()) throw study.wrong("no run that counts is in %s yet".formatted(study.out()));
        return result;
    }

    private StudyResult found() {
        requireEndpoint();
        var rates = new RateSearch(study, queue, levels, said, stopped).run();
        return rates.isEmpty() ? nothing() : result(rates.get(), read(rates.get()));
    }

    private StudyResult nothing() { return new StudyResult(study, ImmutableMap.of(), ImmutableList.of()); }

    /// @return what is there; not everything where it was stopped
    /// @throws UserError if the endpoint is not the one that the study began with, or a cell cannot be made
    public StudyResult run() {
        requireEndpoint();
        note();
        var tuned = new RateSearch(study, queue, levels, said, stopped).run();
        if (tuned.isEmpty()) return nothing();
        var rates = tuned.get();
        var cells = read(rates);
        var missing = cells.stream().filter(cell -> !measured.containsKey(cell.name())).toList();
        if (!missing.isEmpty()) said.accept("%d of %d cells are to be run".formatted(missing.size(), cells.size()));
        long began = System.nanoTime();
        int there = cells.size() - missing.size();
        queue.run(missing, ended -> {
            synchronized (this) {
                if (!take(ended)) return;
                StudyFiles.writeTables(result(rates, cells));
                double each = (System.nanoTime() - began) / 1e9 / (measured.size() - there);
                tell(ended.cell(), cells.size(), each);
            }
        });
        return result(rates, cells);
    }

    /// All cells; those that are there are read.
    private List<Cell> read(Map<String, RateSearch.Found> rates) {
        var cells = cells(rates);
        cells.stream().filter(Cell::isDone).forEach(cell -> measured.put(cell.name(), Measurement.read(cell, levels.get())));
        return cells;
    }

    private boolean take(CellQueue.Ended ended) {
        return switch (ended.end()) {
            case STOPPED -> false;
            case DIVERGED -> throw new UserError("%s diverged:%n%s%nTo train it again, delete %s".formatted(ended.cell().name(),
                    queue.lastWords(ended.cell()), ended.cell().divergence()));
            case MEASURED -> measured.put(ended.cell().name(), Measurement.read(ended.cell(), levels.get())) == null;
        };
    }

    private void tell(Cell cell, int all, double secondsEach) {
        int left = all - measured.size();
        said.accept("%d of %d: %s, %s %s%s".formatted(measured.size(), all, cell.name(), study.file().endpoint().metric().label(),
                Figures.text(measured.get(cell.name()).endpoint()),
                left == 0 ? "" : ", about %s left".formatted(ProgressLine.clock(secondsEach * left))));
    }

    /// Seed by seed, so that a study that is stopped has all arms alike.
    private List<Cell> cells(Map<String, RateSearch.Found> rates) {
        return study.file().seeds().stream().flatMap(seed -> study.arms().stream().map(arm -> study.cell(arm, seed, rate(rates, arm))))
                .toList();
    }

    private static OptionalDouble rate(Map<String, RateSearch.Found> rates, Arm arm) {
        var found = rates.get(arm.name());
        return found == null ? OptionalDouble.empty() : OptionalDouble.of(found.rate());
    }

    private StudyResult result(ImmutableMap<String, RateSearch.Found> rates, List<Cell> cells) {
        return new StudyResult(study, rates, cells.stream().map(Cell::name).filter(measured::containsKey).map(measured::get)
                .collect(ImmutableList.toImmutableList()));
    }

    private Path noted() { return study.out().resolve("study.yaml"); }

    private void note() {
        try {
            Files.createDirectories(study.out());
            WholeFile.write(noted(), study.file().canonical());
        } catch (IOException e) {
            throw WriteFailure.of(noted(), e);
        }
    }

    /// Holds to the endpoint that the study began with, and to what that is measured on: chosen afterwards, it would be chosen by the result, and so
    /// would seeds that are added until a difference shows.
    private void requireEndpoint() {
        if (!Files.exists(noted())) return;
        var before = StudyFile.parse(TextFile.read(noted(), "a study"), noted().toString());
        var now = study.file();
        if (before.endpoint().equals(now.endpoint()) && Objects.equals(before.reference(), now.reference())
                && before.seeds().equals(now.seeds()) && Objects.equals(before.samples(), now.samples())
                && Objects.equals(before.captioned(), now.captioned()))
            return;
        throw study.wrong(
                "the study in %s began with the endpoint %s (floor %s), %s as reference, the seeds %s, %s samples of %s, fixed before the first "
                        .formatted(study.out(), before.endpoint().metric().word(), Figures.text(before.endpoint().least()),
                                before.reference() == null ? "the first arm" : "arm '%s'".formatted(before.reference()), before.seeds(),
                                before.samples() == null ? "the suites' own" : before.samples(),
                                before.captioned() == null ? "the built-in data" : before.captioned())
                        + "run. Give another --out");
    }
}
