package dev.fusedit.trainer.checkpoint;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// Where a run leaves what it makes. A folder with a `recipe.yaml` is a run's.
public final class RunFolder implements AutoCloseable {
    static final String CHECKPOINTS = "checkpoints";
    private static final String RECIPE = "recipe.yaml";
    private static final String LOCK = ".lock";

    private final Path folder;
    private @Nullable FileChannel lock;

    private RunFolder(Path folder) { this.folder = folder; }

    /// Makes the folder, with its parents, and proves that it can be written to.
    ///
    /// @param recipe as it is run, for `recipe.yaml`
    /// @throws UserError if the place holds anything already, or cannot be used
    public static RunFolder create(Path folder, String recipe) {
        String place = "output folder " + folder;
        if (Files.exists(folder) && !Files.isDirectory(folder)) throw new UserError(place + " is a file. Give another --out");
        if (isRun(folder)) throw new UserError(place + " holds a run already. Give another --out, or delete it");
        try {
            Files.createDirectories(folder);
            if (holdsAnything(folder)) throw new UserError(place + " is not empty and not a run's. Give another --out");
            var run = new RunFolder(folder);
            replace(run.recipe(), recipe.getBytes(StandardCharsets.UTF_8));
            return run;
        } catch (IOException e) {
            throw new UserError(place + " cannot be used: " + Failures.causeAndRemedy(e), e);
        }
    }

    /// @throws UserError if it is no run's folder
    public static RunFolder open(Path folder) {
        if (!Files.isDirectory(folder)) throw new UserError("run " + folder + ": no such folder");
        if (!isRun(folder)) throw new UserError("run " + folder + " is no run's folder: it has no " + RECIPE);
        return new RunFolder(folder);
    }

    public static boolean isRun(Path folder) { return Files.isRegularFile(folder.resolve(RECIPE)); }

    /// Keeps other processes out until this is closed or the process ends, however it ends.
    ///
    /// @throws UserError if another one is at work here
    public void lock() {
        try {
            lock = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (lock.tryLock() == null) throw inUse();
        } catch (OverlappingFileLockException _) {
            throw inUse();
        } catch (IOException e) {
            throw new UserError("output folder " + folder + " cannot be used: " + Failures.causeAndRemedy(e), e);
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
            throw new UserError(result() + " cannot be deleted: " + Failures.causeAndRemedy(e), e);
        }
    }

    /// Gives the lock back, if this has it.
    @Override
    public void close() {
        try {
            if (lock != null) lock.close();
            lock = null;
        } catch (IOException e) {
            throw new UserError(folder.resolve(LOCK) + " cannot be closed: " + e, e);
        }
    }

    /// Whether the run came to its end.
    public boolean isFinished() { return Files.isRegularFile(result()); }

    public Path folder() { return folder; }

    public Path recipe() { return folder.resolve(RECIPE); }

    public Path samples() { return folder.resolve("samples.png"); }

    public Path lossPlot() { return folder.resolve("loss.png"); }

    public Path metrics() { return folder.resolve("metrics.jsonl"); }

    public Path checkpoints() { return folder.resolve(CHECKPOINTS); }

    public Path result() { return folder.resolve("result.json"); }

    /// Writes a file of the run so that a reader sees the old or the new one, never a half.
    ///
    /// @throws UserError if it cannot be written
    public void write(Path file, byte[] bytes) {
        try {
            replace(file, bytes);
        } catch (IOException e) {
            throw new UserError(file + " cannot be written: " + Failures.causeAndRemedy(e), e);
        }
    }

    private static void replace(Path file, byte[] bytes) throws IOException {
        Path tmp = file.resolveSibling("." + file.getFileName() + ".tmp");
        Files.write(tmp, bytes);
        Files.move(tmp, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static boolean holdsAnything(Path folder) throws IOException {
        try (var paths = Files.list(folder)) {
            return paths.findAny().isPresent();
        }
    }
}
