package dev.fusedit.trainer.data.prepare;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.trainer.data.table.DuckDb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The files that a set is prepared from.
///
/// @param metadata in the order of their patterns, and within one in that of their names
/// @param archives with the images; none of a set whose images are on the web
record Inputs(ImmutableList<Path> metadata, ImageArchives archives) {
    /// @throws UserError if there is no such file, or archives are named where there are none, or missing where they are needed
    static Inputs find(DuckDb database, PrepareRequest request) {
        var set = request.filters().set();
        set.requireImages(!request.images().isEmpty());
        var ending = switch (set.form()) {
            case MetadataForm.Parquet _ -> "[.]parquet";
            case MetadataForm.JsonLines _ -> "[.](jsonl|jsonl[.]gz|jsonl[.]tgz)";
            case MetadataForm.TextFiles _ -> "[.](tar|tgz|tar[.]gz)";
        };
        return new Inputs(all(database, "--metadata", request.metadata(), ending),
                new ImageArchives(all(database, "--images", request.images(), "[.](tar|tgz|tar[.]gz|tar[.]zst)")));
    }

    private static ImmutableList<Path> all(DuckDb database, String option, List<String> patterns, String ending) {
        return patterns.stream().flatMap(pattern -> paths(database, option, pattern, ending).stream()).distinct()
                .collect(ImmutableList.toImmutableList());
    }

    /// @param ending of the files of a folder
    private static List<Path> paths(DuckDb database, String option, String pattern, String ending) {
        var path = Path.of(pattern);
        if (Files.isRegularFile(path)) return List.of(path);
        var found = new ArrayList<Path>();
        if (Files.isDirectory(path)) {
            try (Stream<Path> inside = Files.list(path)) {
                inside.filter(file -> file.getFileName().toString().matches(".*" + ending)).sorted().forEach(found::add);
            } catch (IOException e) {
                throw new UserError("%s: cannot be looked through: %s".formatted(path, SystemReason.of(e)), e);
            }
        } else {
            try {
                database.query("SELECT file FROM glob(?) ORDER BY file", row -> found.add(Path.of(row.getString(1))), pattern);
            } catch (SQLException e) {
                throw new UserError("%s %s: %s".formatted(option, pattern, DuckDb.reason(e)), e);
            }
        }
        if (found.isEmpty()) throw new UserError("%s %s: no such file, and no files of this pattern".formatted(option, pattern));
        return found;
    }
}
