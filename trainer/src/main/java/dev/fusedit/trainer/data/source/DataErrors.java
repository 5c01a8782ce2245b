package dev.fusedit.trainer.data.source;

import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// `data-errors.jsonl`: each bad sample once, with its cause. Any thread may add.
public final class DataErrors {
    private final Path file;
    private final Section section;
    private final Consumer<Problem> told;
    private final Set<String> known = new HashSet<>();
    private final long most;

    /// Whose samples these are.
    ///
    /// @param name that stands before the samples' keys in the file; empty for the only source
    /// @param key of the source in the recipe
    public record Section(String name, String key) {
        /// The only source.
        public static final Section ALL = new Section("", "data");

        Problem named(Problem problem) {
            return name.isEmpty() ? problem : new Problem(name + "/" + problem.sample(), problem.cause(), problem.detail());
        }
    }

    /// @param most bad samples; one more ends the run
    /// @param told of each that was not known
    private DataErrors(Path file, Section section, long most, Consumer<Problem> told) {
        this.file = file;
        this.section = section;
        this.most = most;
        this.told = told;
    }

    /// Writes what a scan found, in place of what was there.
    ///
    /// @param stopAbove share of bad samples beyond which a run ends
    /// @param told of each sample that goes bad later
    public static DataErrors of(Path file, SourceScan scan, double stopAbove, Consumer<Problem> told) {
        return of(file, Section.ALL, scan, stopAbove, told);
    }

    /// As [#of(Path, SourceScan, double, Consumer)], for the first of several sources.
    public static DataErrors of(Path file, Section section, SourceScan scan, double stopAbove, Consumer<Problem> told) {
        return of(file, section, scan, stopAbove, told, StandardOpenOption.TRUNCATE_EXISTING);
    }

    /// Writes what a scan of another source found behind what is there.
    public DataErrors another(Section other, SourceScan scan, double stopAbove) {
        return of(file, other, scan, stopAbove, told, StandardOpenOption.APPEND);
    }

    private static DataErrors of(Path file, Section section, SourceScan scan, double stopAbove, Consumer<Problem> told,
            StandardOpenOption how) {
        var errors = new DataErrors(file, section, (long) (stopAbove * (scan.good().size() + scan.problems().size())), told);
        scan.problems().forEach(problem -> errors.known.add(problem.sample()));
        errors.write(scan.problems(), StandardOpenOption.CREATE, StandardOpenOption.WRITE, how);
        return errors;
    }

    /// @throws UserError if that makes too many
    public synchronized void add(Problem problem) {
        if (!known.add(problem.sample())) return;
        write(List.of(problem), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        told.accept(section.named(problem));
        if (known.size() > most) {
            throw new UserError("%d samples cannot be read, more than %s.errors.stop_above allows; the last one: %s: %s. See %s"
                    .formatted(known.size(), section.key(), section.named(problem).sample(), problem.detail(), file));
        }
    }

    private void write(List<Problem> problems, StandardOpenOption... how) {
        var lines = new StringBuilder();
        problems.forEach(problem -> lines.append(section.named(problem).json()).append('\n'));
        try {
            Files.write(file, lines.toString().getBytes(StandardCharsets.UTF_8), how);
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
    }
}
