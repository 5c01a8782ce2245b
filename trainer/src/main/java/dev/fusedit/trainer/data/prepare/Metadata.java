package dev.fusedit.trainer.data.prepare;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.table.DuckDb;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.PHash;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Rows of a set's metadata with what its rules say of each.
///
/// @param duplicates file of the numbers of rows whose perceptual hash is an earlier one's, ascending
record Metadata(DuckDb database, MetadataFiles files, Filters filters, Path duplicates) {
    /// Of columns that are handed on as they are.
    List<String> extras() {
        var set = filters.set();
        var left = dropped();
        return files.columns().stream()
                .filter(column -> !column.equals(set.url()) && !column.equals(set.caption()) && !left.contains(column)).toList();
    }

    /// Columns that are not handed on.
    List<String> dropped() {
        return inArchives() ? ImmutableList.<String>builder().addAll(filters.set().replaced()).addAll(RowsFile.PLACE).build()
                : filters.set().replaced();
    }

    boolean inArchives() { return files.columns().containsAll(RowsFile.PLACE); }

    /// In their order, from `from` to before `to`.
    List<MetadataRow> rows(long from, long to) {
        var rows = new ArrayList<MetadataRow>();
        try {
            var duplicate = duplicates(from, to);
            var columns = extras();
            var list = Stream.concat(columns.stream(), inArchives() ? RowsFile.PLACE.stream() : Stream.empty()).map(DuckDb::name);
            var sql = "SELECT \"row\", %s, %s, %s%s FROM (%s) ORDER BY \"row\"".formatted(DuckDb.name(filters.set().url()),
                    DuckDb.name(filters.set().caption()), filters.causeSql(),
                    list.map(column -> ", " + column).collect(Collectors.joining()), files.sql(from, to));
            database.query(sql, row -> rows.add(row(row, columns, duplicate)));
        } catch (SQLException e) {
            throw new UserError("the metadata's rows %d to %d cannot be read: %s".formatted(from, to - 1, DuckDb.reason(e)), e);
        }
        return rows;
    }

    private Set<Long> duplicates(long from, long to) throws SQLException {
        var numbers = new HashSet<Long>();
        if (filters.set().phash().isPresent()) {
            database.query("SELECT \"row\" FROM read_parquet(%s) WHERE \"row\" >= %d AND \"row\" < %d"
                    .formatted(DuckDb.file(duplicates), from, to), row -> numbers.add(row.getLong(1)));
        }
        return numbers;
    }

    private MetadataRow row(ResultSet from, List<String> columns, Set<Long> duplicate) throws SQLException {
        long number = from.getLong(1);
        var extras = new LinkedHashMap<String, @Nullable Object>();
        for (int i = 0; i < columns.size(); i++) extras.put(columns.get(i), plain(from.getObject(5 + i)));
        var phash = filters.set().phash().map(extras::get).map(Object::toString).flatMap(hex -> {
            var parsed = PHash.parse(hex);
            return parsed.isPresent() ? Optional.of(parsed.getAsLong()) : Optional.<Long>empty();
        });
        var cause = Optional.ofNullable(from.getString(4)).or(() -> duplicate.contains(number) ? Optional.of(RowCause.DUPLICATE.word())
                : Optional.empty());
        return new MetadataRow(number, text(from.getString(2)),
                inArchives() ? Optional.of(place(from, 5 + columns.size())) : Optional.empty(),
                text(from.getString(3)), phash, extras, cause);
    }

    private static OpenArchives.Place place(ResultSet from, int column) throws SQLException {
        return new OpenArchives.Place(from.getString(column), from.getLong(column + 1), from.getLong(column + 2));
    }

    private static String text(@Nullable String text) { return text == null ? "" : text.strip(); }

    /// What JSON has.
    private static @Nullable Object plain(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case Double number -> Double.isFinite(number) ? number : null;
            case Float number -> Float.isFinite(number) ? number : null;
            case Number number -> number;
            case Boolean truth -> truth;
            default -> value.toString();
        };
    }

    /// Rows by what the metadata alone say of them; those that are fetched under the empty word.
    Map<String, Long> counts(long rows) {
        var counts = new TreeMap<String, Long>();
        try {
            for (var slice : files.slices(0, rows)) {
                database.query("SELECT coalesce(cause, ''), count(*) FROM (SELECT %s AS cause FROM (%s WHERE %s)) GROUP BY 1"
                        .formatted(filters.causeSql(), slice.file().sql(), slice.where()),
                        row -> counts.merge(row.getString(1), row.getLong(2), Long::sum));
            }
            if (filters.set().phash().isPresent()) {
                database.query("SELECT count(*) FROM read_parquet(" + DuckDb.file(duplicates) + ")", row -> {
                    counts.merge(RowCause.DUPLICATE.word(), row.getLong(1), Long::sum);
                    counts.merge("", -row.getLong(1), Long::sum);
                });
            }
        } catch (SQLException e) {
            throw new UserError("the metadata cannot be read: " + DuckDb.reason(e), e);
        }
        counts.values().removeIf(count -> count == 0);
        return counts;
    }

    /// Finds all rows that look like an earlier one which the rules let through, and writes their numbers. What does not fit into memory is
    /// written to the database's folder meanwhile.
    ///
    /// @param rows of all that are looked at
    /// @param file a Parquet file that is made
    void writeDuplicates(long rows, Path file) throws SQLException {
        var phash = filters.set().phash().orElseThrow();
        try (var own = database.session(); var statement = own.createStatement()) {
            statement.execute("CREATE TEMP TABLE passing (\"row\" BIGINT, phash VARCHAR)");
            for (var slice : files.slices(0, rows)) {
                statement.execute(
                        "INSERT INTO passing SELECT \"row\", lower(%1$s) FROM (%2$s WHERE %3$s) WHERE %1$s IS NOT NULL AND %4$s IS NULL"
                                .formatted(DuckDb.name(phash), slice.file().sql(), slice.where(), filters.causeSql()));
            }
            statement.execute(
                    ("COPY (SELECT passing.\"row\" FROM passing JOIN (SELECT phash, min(\"row\") AS first FROM passing GROUP BY phash"
                            + " HAVING count(*) > 1) AS repeated ON passing.phash = repeated.phash WHERE passing.\"row\" > first ORDER BY 1) TO %s"
                            + " (FORMAT parquet)").formatted(DuckDb.text(file)));
        }
    }
}
