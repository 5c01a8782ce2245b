package dev.fusedit.trainer.data.prepare;

import dev.fusedit.trainer.data.table.DuckDb;
import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The Parquet files of a set's metadata, in the order of their names. Only their ends are read.
///
/// @param columns of the first one
record MetadataFiles(ImmutableList<MetadataFile> files, ImmutableList<String> columns) {
    /// @param first number of its first row
    record MetadataFile(Path path, long first, long rows, long bytes) {
        /// With `row`, the number of each row among those of all files.
        String sql() {
            return "SELECT *, file_row_number + %d AS \"row\" FROM read_parquet(%s, file_row_number = true)".formatted(first,
                    DuckDb.file(path));
        }
    }

    /// Rows of one file, from `from` to before `to` by their numbers among those of all.
    record Slice(MetadataFile file, long from, long to) {
        /// A `WHERE` that lets DuckDB pass over the other row groups.
        String where() { return "file_row_number >= %d AND file_row_number < %d".formatted(from - file.first(), to - file.first()); }
    }

    /// @throws UserError if a file is not Parquet, or lacks a column
    static MetadataFiles of(DuckDb database, List<Path> paths, PublishedSet set) {
        var files = new ArrayList<MetadataFile>();
        long first = 0;
        for (var path : paths) {
            var file = measured(database, path, first);
            files.add(file);
            first += file.rows();
        }
        if (first == 0)
            throw new UserError("%s: holds no rows".formatted(paths.stream().map(Path::toString).collect(Collectors.joining(" "))));
        var columns = columns(database, files.getFirst().path());
        for (var file : files) requireColumns(database, file, set);
        return new MetadataFiles(ImmutableList.copyOf(files), columns);
    }

    private static MetadataFile measured(DuckDb database, Path path, long first) {
        try {
            var rows = new long[1];
            database.query("SELECT num_rows FROM parquet_file_metadata(" + DuckDb.file(path) + ")",
                    row -> rows[0] = row.getLong(1));
            return new MetadataFile(path, first, rows[0], Files.size(path));
        } catch (SQLException e) {
            throw new UserError("%s: is no whole Parquet file: %s. Fetch it anew".formatted(path, DuckDb.reason(e)), e);
        } catch (IOException e) {
            throw new UserError("%s: cannot be read: %s".formatted(path, SystemReason.of(e)), e);
        }
    }

    private static ImmutableList<String> columns(DuckDb database, Path path) {
        var columns = ImmutableList.<String>builder();
        try {
            database.query("SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet(" + DuckDb.file(path) + "))",
                    row -> columns.add(row.getString(1)));
        } catch (SQLException e) {
            throw new UserError("%s: %s".formatted(path, DuckDb.reason(e)), e);
        }
        return columns.build();
    }

    /// As DuckDB sees them: one that is missing, or whose type cannot be compared, is named by it.
    private static void requireColumns(DuckDb database, MetadataFile file, PublishedSet set) {
        var needed = Stream.concat(Stream.of(set.url(), set.caption()), set.phash().stream()).map(DuckDb::name).toList();
        var sql = "SELECT %s, %s FROM (%s) LIMIT 0".formatted(String.join(", ", needed),
                Filters.of(set, Map.of()).causeSql(), file.sql());
        try {
            database.query(sql, _ -> {});
        } catch (SQLException e) {
            throw new UserError("%s: is not the metadata of %s: %s".formatted(file.path(), set.title(), DuckDb.reason(e)), e);
        }
    }

    long rows() { return files.getLast().first() + files.getLast().rows(); }

    /// Where the rows from `from` to before `to` are.
    List<Slice> slices(long from, long to) {
        return files.stream().filter(file -> file.first() < to && from < file.first() + file.rows())
                .map(file -> new Slice(file, Math.max(from, file.first()), Math.min(to, file.first() + file.rows()))).toList();
    }

    /// All rows from `from` to before `to`, in SQL.
    String sql(long from, long to) {
        return String.join(" UNION ALL ", slices(from, to).stream().map(slice -> slice.file().sql() + " WHERE " + slice.where()).toList());
    }
}
