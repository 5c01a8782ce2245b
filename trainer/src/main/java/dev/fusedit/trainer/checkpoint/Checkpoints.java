package dev.fusedit.trainer.checkpoint;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.NearFiles;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The checkpoints of a run: `step-N/`, and `latest`, a link to the newest ([Latest] where there are no links).
///
/// A kill, a full disk or a failing write at any point leaves the previous checkpoint whole and `latest` pointing at a whole one:
///
///  1. `step-N.tmp/` is made, with the plan of its files;
///  2. each file is written and forced to the disk, its CRC32C taken on the way;
///  3. the manifest with the sums is written the same way, renamed to its name, and the plan deleted;
///  4. the directory is forced, renamed to `step-N`, its parent forced;
///  5. a new link is renamed over `latest`;
///  6. only then the oldest are deleted: first renamed to `.tmp`, so that nothing under the name `step-N` is ever half gone.
///
/// Nothing is deleted but files that a manifest or plan of ours names. A checkpoint that turns out to be damaged is set aside as
/// `step-N.damaged`, so that its step can be saved again.
public final class Checkpoints {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
    private static final String TMP = ".tmp";
    private static final String DAMAGED = ".damaged";

    private final Path root;
    private final Keep keep;
    private final Disk disk;

    /// Which checkpoints stay.
    ///
    /// @param newest so many of the newest
    /// @param every and for good those of the steps that it divides; none for null
    public record Keep(int newest, @Nullable Integer every) {
        public Keep {
            checkArgument(newest > 0, "keep must be at least 1, but is %s", newest);
            checkArgument(every == null || every > 0, "keep_every must be at least 1, but is %s", every);
        }

        private boolean forGood(long step) { return every != null && step % every == 0; }
    }

    /// @param root the folder `checkpoints` of a run; made when first needed
    /// @param keep how many of the newest stay
    public Checkpoints(Path root, int keep) { this(root, new Keep(keep, null)); }

    public Checkpoints(Path root, Keep keep) { this(root, keep, Disk.REAL); }

    Checkpoints(Path root, Keep keep, Disk disk) {
        this.root = root;
        this.keep = keep;
        this.disk = disk;
    }

    /// Writes a checkpoint and makes it the latest. One that is there already for this step stays as it is.
    ///
    /// @param files by their names, in the order in which they are written
    /// @return its folder
    /// @throws UserError if it cannot be written; the earlier ones are whole
    public Path save(long step, Map<String, Content> files) { return save(step, files, Parts.NONE); }

    /// As [#save(long, Map)].
    ///
    /// @param parts further files, which are moved into the checkpoint once all others are written; where it fails they are where they were
    public Path save(long step, Map<String, Content> files, Parts parts) {
        checkArgument(step >= 0, "step must not be negative, but is %s", step);
        var names = Stream.concat(files.keySet().stream(), parts.names().stream()).toList();
        for (String name : names) checkArgument(Manifest.isFileName(name), "'%s' cannot be a file of a checkpoint", name);
        Manifest.sameFile(names).ifPresent(name -> checkArgument(false, "'%s' is there twice where case does not count", name));
        Path folder = folder(step);
        try {
            Files.createDirectories(root);
            if (!Files.exists(folder.resolve(Manifest.FILE))) write(folder, step, files, parts);
            Latest.pointTo(root, folder, disk);
        } catch (IOException e) {
            throw failure(folder, e);
        }
        prune(step);
        return folder;
    }

    private static UserError failure(Path folder, IOException e) {
        return new UserError(
                "checkpoint %s cannot be saved: %s. Checkpoints saved earlier are whole".formatted(folder, WriteFailure.causeAndRemedy(e)),
                e);
    }

    private Path folder(long step) { return root.resolve("step-" + step); }

    /// Makes a folder for files that several processes write, of a checkpoint to be. What earlier ones have left is gone then.
    ///
    /// @param names of the files
    public Path beginParts(long step, List<String> names) throws IOException {
        Files.createDirectories(root);
        for (Path tmp : leftOvers()) removeLeftOver(tmp);
        Path folder = root.resolve("step-%d.parts-%016x%s".formatted(step, new SecureRandom().nextLong(), TMP));
        disk.createDirectory(folder);
        var plan = folder.resolve(Manifest.UNFINISHED);
        disk.write(plan, new Manifest(step, names.stream().map(Manifest.Entry::planned).toList()).content());
        disk.rename(plan, folder.resolve(Manifest.PLAN));
        return folder;
    }

    /// Deletes such a folder, if it can.
    public void discardParts(Path folder) {
        try {
            removeLeftOver(folder);
        } catch (IOException | UserError e) {
            LOG.warn("{} could not be deleted: {}", folder, e.toString());
        }
    }

    private void write(Path folder, long step, Map<String, Content> files, Parts parts) throws IOException {
        Path tmp = root.resolve(folder.getFileName() + TMP);
        removeLeftOver(tmp);
        disk.createDirectory(tmp);
        try {
            var names = Stream.concat(files.keySet().stream(), parts.names().stream());
            disk.write(tmp.resolve(Manifest.PLAN), new Manifest(step, names.map(Manifest.Entry::planned).toList()).content());
            var entries = new ArrayList<Manifest.Entry>();
            for (var file : files.entrySet()) {
                var written = disk.write(tmp.resolve(file.getKey()), file.getValue());
                entries.add(new Manifest.Entry(file.getKey(), written.bytes(), written.crc32c()));
            }
            for (var part : parts.files()) {
                disk.rename(parts.folder().resolve(part.name()), tmp.resolve(part.name()));
                entries.add(part.entry());
            }
            disk.write(tmp.resolve(Manifest.UNFINISHED), new Manifest(step, entries).content());
            disk.rename(tmp.resolve(Manifest.UNFINISHED), tmp.resolve(Manifest.FILE));
            disk.delete(tmp.resolve(Manifest.PLAN));
            disk.sync(tmp);
            disk.rename(tmp, folder);
            disk.sync(root);
        } catch (IOException e) {
            moveBack(parts, tmp, e);
            giveBackSpace(tmp, e);
            throw e;
        }
    }

    private void moveBack(Parts parts, Path tmp, IOException cause) {
        for (var name : parts.names()) {
            try {
                if (Files.exists(tmp.resolve(name))) disk.rename(tmp.resolve(name), parts.folder().resolve(name));
            } catch (IOException e) {
                cause.addSuppressed(e);
            }
        }
    }

    /// The newest checkpoint, whatever `latest` says: a kill may have come between writing it and linking it.
    public Optional<Path> newest() { return steps().stream().findFirst().map(step -> folder(step)); }

    /// The newest checkpoint that is whole. Damaged ones that are newer are set aside, and `latest` points to what was found.
    ///
    /// @param said told of each damaged one, in a sentence
    /// @return empty if there never was a checkpoint
    /// @throws UserError if there are some, but none is whole
    public Optional<Checkpoint> newestWhole(Consumer<String> said) {
        var damaged = new ArrayList<String>();
        for (long step : steps()) {
            Path folder = folder(step);
            try {
                var whole = Checkpoint.open(folder);
                if (!damaged.isEmpty()) Latest.pointTo(root, folder, disk);
                return Optional.of(whole);
            } catch (UserError e) {
                damaged.add(e.getMessage());
                said.accept(e.getMessage() + ". It is set aside as " + setAside(folder).getFileName());
            } catch (IOException e) {
                throw failure(folder, e);
            }
        }
        if (damaged.isEmpty()) return Optional.empty();
        throw new UserError("no checkpoint in " + root + " is whole: " + String.join("; ", damaged));
    }

    private Path setAside(Path folder) {
        String name = folder.getFileName() + DAMAGED;
        Path aside = root.resolve(name);
        for (int i = 2; Files.exists(aside, LinkOption.NOFOLLOW_LINKS); i++) aside = root.resolve(name + "-" + i);
        try {
            disk.rename(folder, aside);
            disk.sync(root);
            return aside;
        } catch (IOException e) {
            throw new UserError("checkpoint " + folder + " is damaged and cannot be set aside: " + WriteFailure.causeAndRemedy(e), e);
        }
    }

    /// Finds the checkpoint that a person means by a run's folder, its `checkpoints`, or a checkpoint itself.
    ///
    /// @throws UserError if there is none
    public static Path find(Path place) {
        var meant = meant(place);
        if (!Files.isDirectory(meant))
            throw new UserError(
                    place + (Files.exists(place) ? " is a file, not a model folder" : ": no such folder" + NearFiles.hint(place)));
        return findIn(meant)
                .orElseThrow(() -> new UserError(place + " holds no checkpoint. Give a run's folder, or one of its checkpoints"));
    }

    /// A person's place, but for a `latest` that is a file: then the checkpoint that it names.
    public static Path meant(Path place) { return Latest.read(place).orElse(place); }

    /// Whether [#find] would find one.
    public static boolean isIn(Path place) { return findIn(place).isPresent(); }

    private static Optional<Path> findIn(Path place) {
        if (Files.exists(place.resolve(Manifest.FILE))) return Optional.of(place);
        for (Path root : List.of(place, place.resolve(RunFolder.CHECKPOINTS))) {
            var found = Latest.in(root).or(() -> new Checkpoints(root, 1).newest());
            if (found.isPresent()) return found;
        }
        return Optional.empty();
    }

    /// Whole ones, newest first.
    private List<Long> steps() {
        try (var paths = Files.isDirectory(root) ? Files.list(root) : Stream.<Path>empty()) {
            return paths.filter(path -> Files.exists(path.resolve(Manifest.FILE))).map(path -> path.getFileName().toString())
                    .filter(name -> name.matches("step-[0-9]{1,18}")).map(name -> Long.valueOf(name.substring("step-".length())))
                    .sorted(Comparator.reverseOrder()).toList();
        } catch (IOException e) {
            throw new UserError("checkpoints " + root + " cannot be listed: " + WriteFailure.causeAndRemedy(e), e);
        }
    }

    /// Deletes what is too old and what killed runs left. It failing costs space, not work, so it is no failure of the save.
    private void prune(long saved) {
        try {
            for (long step : steps().stream().skip(keep.newest()).filter(old -> old != saved && !keep.forGood(old)).toList()) {
                Path folder = folder(step);
                Path tmp = root.resolve(folder.getFileName() + TMP);
                removeLeftOver(tmp);
                if (hasOnlyOurs(folder)) disk.rename(folder, tmp);
            }
            for (Path tmp : leftOvers()) removeLeftOver(tmp);
        } catch (IOException | UserError e) {
            LOG.warn("old checkpoints in {} could not be deleted: {}", root, e.toString());
        }
    }

    private List<Path> leftOvers() throws IOException {
        try (var paths = Files.list(root)) {
            return paths.filter(path -> path.getFileName().toString().matches("step-[0-9]+(\\.parts-[0-9a-f]+)?\\.tmp")).toList();
        }
    }

    /// A folder in which a person has put something is theirs.
    private static boolean hasOnlyOurs(Path folder) throws IOException {
        var manifest = Manifest.ofOurs(folder);
        try (var paths = Files.list(folder)) {
            return paths.map(path -> path.getFileName().toString()).allMatch(name -> Manifest.isManifest(name)
                    || manifest.isPresent() && manifest.get().files().stream().anyMatch(file -> file.name().equals(name)));
        }
    }

    /// The manifest goes last, so that an interrupted deletion is still known as ours.
    private void removeLeftOver(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS) || !hasOnlyOurs(folder)) return;
        try (var paths = Files.list(folder)) {
            var order = Comparator.comparing((Path path) -> path.getFileName().toString().startsWith(Manifest.FILE));
            for (Path path : paths.sorted(order).toList()) disk.delete(path);
        }
        disk.delete(folder);
    }

    private void giveBackSpace(Path tmp, IOException cause) {
        try {
            removeLeftOver(tmp);
        } catch (IOException | UserError e) {
            cause.addSuppressed(e);
        }
    }
}
