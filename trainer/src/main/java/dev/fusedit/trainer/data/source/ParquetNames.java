package dev.fusedit.trainer.data.source;

import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.io.FolderContents;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.table.DuckDb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/// Patterns of Parquet files: a file; a folder, for those in it and its subfolders; `data/train-*.parquet`, where `*` and `?` stand for parts
/// of a name and `**` for any folders; and what [ShardNames] expands.
public final class ParquetNames {
    private static final String ENDING = ".parquet";

    private ParquetNames() {}

    /// @return files by the names that their samples are known by, each unlike the others: the path below the folder that was given, else the
    /// file's name; the whole path, where two have the same
    /// @throws UserError if a folder or a pattern has none
    static Map<String, Path> files(DuckDb db, List<String> patterns) {
        var files = new LinkedHashMap<Path, String>();
        patterns.stream().flatMap(pattern -> ShardNames.expand(pattern).stream()).forEach(place -> add(db, place, files));
        var times = new HashMap<String, Integer>();
        files.values().forEach(name -> times.merge(name, 1, Integer::sum));
        var named = new LinkedHashMap<String, Path>();
        files.forEach((file, name) -> named.put(times.get(name) == 1 ? name : file.toString().replace('\\', '/'), file));
        return named;
    }

    /// The files that patterns stand for.
    ///
    /// @throws UserError if a folder or a pattern has none
    public static List<Path> files(List<String> patterns) {
        try (var db = DuckDb.open()) {
            return List.copyOf(files(db, patterns).values());
        }
    }

    /// Whether it stands for several files.
    private static boolean isPattern(String place) { return place.contains("*") || place.contains("?"); }

    static boolean isParquet(Path file) { return file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(ENDING); }

    /// Those in a folder and its subfolders, by their paths; none if it has none.
    static List<Path> inside(Path folder) {
        try (var all = Files.walk(folder)) {
            return all.filter(file -> isParquet(file) && !isHidden(folder.relativize(file)) && Files.isRegularFile(file)).sorted().toList();
        } catch (IOException e) {
            throw new UserError("%s: cannot be looked through: %s".formatted(folder, SystemReason.of(e)), e);
        }
    }

    private static void add(DuckDb db, String place, Map<Path, String> files) {
        var path = Path.of(place);
        if (Files.isDirectory(path)) {
            var inside = inside(path);
            if (inside.isEmpty()) throw new UserError("%s: holds no Parquet file; it holds %s".formatted(place, FolderContents.of(path)));
            inside.forEach(file -> files.put(file, path.relativize(file).toString().replace('\\', '/')));
        } else if (isPattern(place) && !Files.exists(path)) {
            var matching = matching(db, place);
            if (matching.isEmpty()) throw new UserError(place + ": no file is named so");
            matching.forEach(file -> files.put(file, file.getFileName().toString()));
        } else {
            files.put(path, path.getFileName().toString());
        }
    }

    private static List<Path> matching(DuckDb db, String pattern) {
        var found = new ArrayList<Path>();
        try {
            db.query("SELECT file FROM glob(?) ORDER BY file", row -> found.add(Path.of(row.getString(1))), pattern);
        } catch (SQLException e) {
            throw new UserError("%s: %s".formatted(pattern, DuckDb.reason(e)), e);
        }
        return found;
    }

    private static boolean isHidden(Path below) {
        return Stream.iterate(below, path -> path != null, Path::getParent).anyMatch(path -> path.getFileName().toString().startsWith("."));
    }
}
