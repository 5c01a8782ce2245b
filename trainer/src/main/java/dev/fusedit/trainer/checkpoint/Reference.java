package dev.fusedit.trainer.checkpoint;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A model's files outside of a checkpoint, which a run reads and never changes.
///
/// @param key of the recipe that names them: `weights.llm`
/// @param place where they were, a folder or a file, absolute
/// @param inside the same from the run's folder, where it lies in there: so they may move together
/// @param files of the place, or the one that it is
public record Reference(String key, String place, @Nullable String inside, List<FileStamp> files) {
    /// @param run folder of the run
    /// @param files by which the place is known again
    /// @throws UserError if one of them cannot be read
    public static Reference to(String key, Path place, Path run, List<Path> files) {
        try {
            var stamps = new ArrayList<FileStamp>();
            for (var file : files) stamps.add(FileStamp.of(file));
            var real = place.toRealPath();
            var runs = run.toRealPath();
            return new Reference(key, real.toString(),
                    real.startsWith(runs) ? runs.relativize(real).toString().replace('\\', '/') : null, List.copyOf(stamps));
        } catch (IOException e) {
            throw new UserError("%s: %s cannot be read: %s".formatted(key, place, e.getMessage()), e);
        }
    }

    /// Where the files are now, looked at by size and head: where a recipe says, in the run's folder, or where they were.
    ///
    /// @param checkpoint that refers to them
    /// @param named the recipe's place
    /// @throws UserError if they are nowhere, or only others are there
    public Path find(Path checkpoint, @Nullable String named) {
        var there = Stream
                .of(Optional.ofNullable(named).map(Path::of), Optional.ofNullable(inside).flatMap(within -> within(checkpoint, within)),
                        Optional.of(Path.of(place)))
                .flatMap(Optional::stream).filter(Files::exists).toList();
        if (there.isEmpty()) throw missing(checkpoint, place);
        return there.stream().filter(found -> difference(found, false).isEmpty()).findFirst()
                .orElseGet(() -> at(checkpoint, there.getFirst()));
    }

    /// The place, if the files are there.
    ///
    /// @throws UserError if they are not, or are others
    public Path at(Path checkpoint, Path found) {
        if (!Files.exists(found)) throw missing(checkpoint, found.toString());
        requireSame(checkpoint, found, false);
        return found;
    }

    private UserError missing(Path checkpoint, String where) {
        return new UserError(
                "checkpoint %s refers to %s, which is not at %s. Put it there again, or a link to it; training goes on with it elsewhere by --set %s=PLACE"
                        .formatted(checkpoint, key, where, key));
    }

    private static Optional<Path> within(Path checkpoint, String inside) {
        try {
            return Optional.ofNullable(checkpoint.toRealPath().getParent()).map(Path::getParent).map(run -> run.resolve(inside));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /// @param whole whether every byte is looked at
    void requireSame(Path checkpoint, Path found, boolean whole) {
        difference(found, whole).ifPresent(difference -> {
            throw new UserError(
                    "%s: it is not what the run in checkpoint %s read. Put that back, or say where it is by --set %s=PLACE".formatted(
                            difference,
                            checkpoint, key));
        });
    }

    /// `/models/tiny/model.safetensors has 12 bytes, but had 3456`
    private Optional<String> difference(Path found, boolean whole) {
        for (var stamp : files) {
            var file = Files.isDirectory(found) ? found.resolve(stamp.name()) : found;
            try {
                var difference = whole ? stamp.differenceOfWhole(file) : stamp.difference(file);
                if (difference.isPresent()) return Optional.of(file + " " + difference.get());
            } catch (IOException e) {
                return Optional.of("%s cannot be read (%s)".formatted(file, e.getMessage()));
            }
        }
        return Optional.empty();
    }

    /// With the sums of the whole files; where one cannot be read any more, without.
    Reference withWhole() {
        return new Reference(key, place, inside, files.stream().map(this::whole).toList());
    }

    private FileStamp whole(FileStamp stamp) {
        var at = Path.of(place);
        try {
            return stamp.sha256() != null ? stamp : stamp.withWhole(Files.isDirectory(at) ? at.resolve(stamp.name()) : at);
        } catch (IOException _) {
            return stamp;
        }
    }

    /// What of it counts for the hash of a run: not where it lies.
    Stream<String> lines() {
        return files.stream().map(
                file -> "%s %s %d %s\n".formatted(key, file.name(), file.bytes(), Objects.requireNonNullElse(file.sha256(), file.head())));
    }

    public long bytes() { return files.stream().mapToLong(FileStamp::bytes).sum(); }
}
