package dev.fusedit.trainer.checkpoint;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.NearFiles;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where a run leaves what it makes. A folder with a `recipe.yaml` is a run's.
///
/// One in which nothing has been trained yet, as a refusal or a kill before the first step leaves it, keeps nobody out: [#begin] takes it,
/// [#withdraw] takes it away.
public final class RunFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunFolder.class);
    static final String CHECKPOINTS = "checkpoints";
    private static final String RECIPE = "recipe.yaml";
    private static final String LOCK = ".lock";
    private static final String METRICS = "metrics.jsonl";
    private static final String DATA_ERRORS = "data-errors.jsonl";
    private static final String DATA_ERRORS_OF_RANK = "data-errors\\.rank-\\d+\\.jsonl";
    private static final String ABOUT = "run.json";
    private static final String PAGE = "report.html";
    private static final String HOOK_LOG = "hook.log";
    private static final String EVENTS = "tensorboard";
    private static final String EVENT_FILE = "events\\.out\\.tfevents\\.\\d+\\.fusedit\\.\\d+";

    private final Path folder;
    /// Folders that were not there before, the outermost first.
    private final List<Path> made;
    private @Nullable FileChannel lock;

    private RunFolder(Path folder, List<Path> made) {
        this.folder = folder;
        this.made = made;
    }

    /// Makes the folder as [#create] does, or takes one in which nothing was trained.
    ///
    /// @throws UserError as [#create], or if another process is at work there
    public static RunFolder begin(Path folder, String recipe) {
        if (!isUntouched(folder)) return create(folder, recipe);
        var run = new RunFolder(folder, List.of());
        run.lock();
        run.write(run.recipe(), recipe.getBytes(StandardCharsets.UTF_8));
        return run;
    }

    /// Makes the folder, with its parents, and proves that it can be written to.
    ///
    /// @param recipe as it is run, for `recipe.yaml`
    /// @throws UserError if the place holds anything already, or cannot be used
    public static RunFolder create(Path folder, String recipe) {
        String place = "output folder " + folder;
        if (Files.exists(folder) && !Files.isDirectory(folder)) throw new UserError(place + " is a file. Give another --out");
        if (isRun(folder)) throw new UserError(place + " holds a run already. Give another --out, or delete it");
        try {
            var missing = missing(folder);
            Files.createDirectories(folder);
            if (!list(folder).isEmpty()) throw new UserError(place + " is not empty and not a run's. Give another --out");
            var run = new RunFolder(folder, missing);
            WholeFile.write(run.recipe(), recipe);
            return run;
        } catch (IOException e) {
            throw unusable(folder, e);
        }
    }

    private static List<Path> missing(Path folder) {
        var missing = new ArrayList<Path>();
        for (var at = folder.toAbsolutePath().normalize(); at != null && !Files.exists(at); at = at.getParent()) missing.addFirst(at);
        return missing;
    }

    private static UserError unusable(Path folder, IOException e) {
        return new UserError("output folder " + folder + " cannot be used: " + WriteFailure.causeAndRemedy(e), e);
    }

    /// @throws UserError if it is no run's folder
    public static RunFolder open(Path folder) {
        if (!Files.isDirectory(folder)) throw new UserError("run " + folder + ": no such folder" + NearFiles.hint(folder));
        if (!isRun(folder)) throw new UserError("run " + folder + " is no run's folder: it has no " + RECIPE);
        return new RunFolder(folder, List.of());
    }

    public static boolean isRun(Path folder) { return Files.isRegularFile(folder.resolve(RECIPE)); }

    /// Keeps other processes out until this is closed or the process ends, however it ends.
    ///
    /// @throws UserError if another one is at work here
    public void lock() {
        if (lock != null) return;
        try {
            lock = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!FolderLock.take(lock, folder)) throw inUse();
        } catch (IOException e) {
            throw unusable(folder, e);
        }
    }

    private UserError inUse() {
        close();
        return new UserError("output folder " + folder + " is in use: another run trains there. Wait for it, or give another --out");
    }

    /// The run goes on under another recipe: `recipe.yaml` is replaced, and what was its result is one no more.
    ///
    /// @throws UserError if that cannot be written
    public void change(String recipe) {
        write(recipe(), recipe.getBytes(StandardCharsets.UTF_8));
        try {
            Files.deleteIfExists(result());
        } catch (IOException e) {
            throw new UserError(result() + " cannot be deleted: " + WriteFailure.causeAndRemedy(e), e);
        }
    }

    // ---- before the first step

    /// Whether a folder holds what a run's does before its first step, and nothing else: no row, no checkpoint, nothing of a person's.
    public static boolean isUntouched(Path folder) {
        try {
            var inside = Files.isDirectory(folder) ? list(folder) : List.<Path>of();
            for (var path : inside) if (!isOfTheStart(path)) return false;
            return !inside.isEmpty();
        } catch (IOException e) {
            throw unusable(folder, e);
        }
    }

    private static boolean isOfTheStart(Path path) throws IOException {
        var name = path.getFileName().toString();
        return switch (name) {
            case RECIPE, LOCK, DATA_ERRORS, ABOUT, PAGE, HOOK_LOG -> Files.isRegularFile(path);
            case METRICS -> Files.isRegularFile(path) && Files.size(path) == 0;
            case EVENTS -> Files.isDirectory(path) && list(path).stream().allMatch(file -> isEventFile(file));
            default -> name.matches(DATA_ERRORS_OF_RANK)
                    || Stream.of(RECIPE, ABOUT, PAGE).anyMatch(file -> path.equals(WholeFile.unfinished(path.resolveSibling(file))));
        };
    }

    private static boolean isEventFile(Path file) { return file.getFileName().toString().matches(EVENT_FILE); }

    /// Takes away what [#begin] made, where nothing has been trained: the run was refused. What was there before stays, and so does all if
    /// it was refused for its data, whose faults are listed there.
    public void withdraw() {
        if (!isUntouched(folder)) return;
        try {
            if (Files.exists(dataErrors()) && Files.size(dataErrors()) > 0) return;
            var events = folder.resolve(EVENTS);
            if (Files.isDirectory(events)) for (var file : list(events)) Files.delete(file);
            for (var file : list(folder)) Files.delete(file);
            for (var directory : made.reversed()) if (list(directory).isEmpty()) Files.delete(directory);
        } catch (IOException e) {
            LOG.warn("{} could not be taken away: {}", folder, WriteFailure.causeAndRemedy(e));
        }
    }

    /// Gives the lock back, if this has it.
    @Override
    public void close() {
        try {
            if (lock != null) lock.close();
            lock = null;
        } catch (IOException e) {
            throw WriteFailure.of(folder.resolve(LOCK), e);
        }
    }

    /// Whether the run came to its end.
    public boolean isFinished() { return Files.isRegularFile(result()); }

    public Path folder() { return folder; }

    public Path recipe() { return folder.resolve(RECIPE); }

    public Path samples() { return folder.resolve("samples.png"); }

    public Path lossPlot() { return folder.resolve("loss.png"); }

    /// Samples that cannot be trained on, a line each.
    public Path dataErrors() { return folder.resolve(DATA_ERRORS); }

    /// As [#dataErrors()], of what another process than the first finds.
    public static Path dataErrors(Path folder, int rank) { return folder.resolve("data-errors.rank-%d.jsonl".formatted(rank)); }

    /// How the run was asked for, and what it was expected to take.
    public Path about() { return folder.resolve(ABOUT); }

    /// The run as a page.
    public Path page() { return folder.resolve(PAGE); }

    /// What a hook says.
    public Path hookLog() { return folder.resolve(HOOK_LOG); }

    /// Grids of images on the way.
    public Path previews() { return folder.resolve("previews"); }

    /// All files of [#dataErrors].
    public List<Path> allDataErrors() throws IOException {
        return list(folder).stream().filter(file -> file.equals(dataErrors()) || file.getFileName().toString().matches(DATA_ERRORS_OF_RANK))
                .sorted().toList();
    }

    public Path metrics() { return folder.resolve(METRICS); }

    /// Of TensorBoard's event files.
    public Path events() { return folder.resolve(EVENTS); }

    public Path checkpoints() { return folder.resolve(CHECKPOINTS); }

    public Path result() { return folder.resolve("result.json"); }

    /// Writes a file of the run so that a reader sees the old or the new one, never a half.
    ///
    /// @throws UserError if it cannot be written
    public void write(Path file, byte[] bytes) {
        try {
            WholeFile.write(file, bytes);
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (var paths = Files.list(folder)) {
            return paths.toList();
        }
    }
}
