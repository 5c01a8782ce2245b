package dev.fusedit.trainer.data.stored;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// Rows of one kind in the files of a folder, found by their keys. What is there is looked up once; rows are read when they are asked for,
/// by any thread. Filling it is one thread's.
public final class RowStore {
    /// Bytes by which a row is found and checked, beside its own.
    public static final int OF_A_ROW = EntryKey.BYTES + 4 * Long.BYTES + Integer.BYTES;

    private final Path folder;
    private final Map<EntryKey, Place> places = new HashMap<>();
    private final Set<Path> known = new HashSet<>();
    private final List<Broken> broken = new ArrayList<>();

    private record Place(RowShard shard, RowShard.Row row) {}

    /// A file that cannot be used.
    public record Broken(Path file, String why) {}

    /// A row that is to be kept.
    public record Keyed(EntryKey key, StoredRow row) {}

    private RowStore(Path folder) { this.folder = folder; }

    /// @param folder need not be there
    public static RowStore open(Path folder) {
        var store = new RowStore(folder);
        store.refresh();
        return store;
    }

    /// Looks for files that were written since.
    public void refresh() {
        for (var file : files("*" + RowShard.SUFFIX)) {
            if (!known.add(file)) continue;
            try {
                include(RowShard.open(file));
            } catch (UserError e) {
                broken.add(new Broken(file, String.valueOf(e.getMessage())));
            }
        }
    }

    private void include(RowShard shard) { shard.rows().forEach(row -> places.putIfAbsent(row.key(), new Place(shard, row))); }

    private List<Path> files(String pattern) {
        if (!Files.isDirectory(folder)) return List.of();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, pattern)) {
            var files = new ArrayList<Path>();
            found.forEach(files::add);
            return files.stream().sorted().toList();
        } catch (IOException e) {
            throw new UserError("%s cannot be read (%s)".formatted(folder, e.getMessage()), e);
        }
    }

    public Path folder() { return folder; }

    public boolean has(EntryKey key) { return places.containsKey(key); }

    /// @throws UserError if it is damaged
    /// @throws IllegalStateException if it is not there
    public StoredRow read(EntryKey key) {
        var place = places.get(key);
        if (place == null) throw new IllegalStateException(folder + " has no row " + key);
        return place.shard().read(place.row());
    }

    public int size() { return places.size(); }

    /// Of the rows, as far as they are no copies of others.
    public Set<EntryKey> keys() { return places.keySet(); }

    /// Of some row, which all others of one size have too; empty where there is none.
    public Optional<long[]> anyShape() { return places.values().stream().findFirst().map(place -> place.row().shape()); }

    /// Files that cannot be used, since they are cut short or damaged.
    public List<Broken> broken() { return ImmutableList.copyOf(broken); }

    /// Files that somebody was writing, and perhaps still is.
    public List<Path> unfinished() { return files(".*" + RowShard.SUFFIX + ".tmp"); }

    /// Bytes of all files.
    public long bytes() {
        try {
            long bytes = 0;
            for (var file : files("*")) bytes += Files.size(file);
            return bytes;
        } catch (IOException e) {
            throw new UserError("%s cannot be read (%s)".formatted(folder, e.getMessage()), e);
        }
    }

    /// Writes rows into a file of their own: it is on the disk when this returns.
    ///
    /// @param rows of one dtype and rank
    /// @throws UserError if they cannot be written
    public void add(List<Keyed> rows) {
        try {
            var shard = RowShard.write(folder, rows);
            known.add(shard.file());
            include(shard);
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }

    /// Reads every byte of every row.
    ///
    /// @return files with a damaged row
    public List<Broken> verify() {
        var found = new ArrayList<Broken>();
        var shards = new TreeMap<Path, RowShard>();
        places.values().forEach(place -> shards.put(place.shard().file(), place.shard()));
        for (var shard : shards.values()) {
            try {
                shard.rows().forEach(shard::read);
            } catch (UserError e) {
                found.add(new Broken(shard.file(), String.valueOf(e.getMessage())));
            }
        }
        return found;
    }

    /// Deletes a file and forgets its rows.
    public void drop(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
        known.remove(file);
        broken.removeIf(each -> each.file().equals(file));
        places.values().removeIf(place -> place.shard().file().equals(file));
    }
}
