package dev.fusedit.trainer.data.prepare;

import dev.fusedit.trainer.data.table.DuckDb;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.duckdb.DuckDBConnection;

/// The table of a shard, a row for each of the metadata's: its columns, and what became of it, under img2dataset's names.
final class ShardTable {
    private static final String FORGOTTEN = "cause = '" + RowCause.FORGOTTEN.word() + "'";
    /// Of a forgotten row only these stay.
    private static final List<String> LASTING = List.of("key", "status", "cause");

    private ShardTable() {}

    /// A row as it is written.
    record Line(long row, String key, Decision decision) {}

    /// @param lines for the rows from `from` to before `to`
    static void write(Metadata metadata, long from, long to, List<Line> lines, Path file) throws SQLException {
        try (var own = metadata.database().session(); var statement = own.createStatement()) {
            statement.execute("""
                    CREATE TEMP TABLE decisions ("row" BIGINT, key VARCHAR, status VARCHAR, cause VARCHAR, error_message VARCHAR,
                    width INTEGER, height INTEGER, original_width INTEGER, original_height INTEGER, sha256 VARCHAR, phash VARCHAR)""");
            append(own, lines);
            var set = metadata.filters().set();
            var handedOn = metadata.extras().stream().map(DuckDb::name).map(ShardTable::unlessForgotten).toList();
            var sql = "SELECT %s, %s, key, status, cause, error_message, width, height, original_width, original_height, sha256, phash"
                    .formatted(unlessForgotten(DuckDb.name(set.url()), "url"),
                            unlessForgotten(DuckDb.name(set.caption()), "caption"))
                    + String.join("", handedOn.stream().map(column -> ", " + column).toList())
                    + " FROM (" + columns(metadata, from, to) + ") JOIN decisions USING (\"row\") ORDER BY \"row\"";
            statement.execute("COPY (%s) TO %s (FORMAT parquet, COMPRESSION zstd)".formatted(sql, DuckDb.text(file)));
        }
    }

    /// Without those that the table has names of its own for.
    private static String columns(Metadata metadata, long from, long to) {
        var replaced = metadata.dropped().stream().map(DuckDb::name).toList();
        return "SELECT * %s FROM (%s)".formatted(replaced.isEmpty() ? "" : "EXCLUDE (" + String.join(", ", replaced) + ")",
                metadata.files().sql(from, to));
    }

    private static void append(DuckDBConnection own, List<Line> lines) throws SQLException {
        try (var to = own.createAppender("temp", "main", "decisions")) {
            for (var line : lines) {
                to.beginRow();
                to.append(line.row());
                to.append(line.key());
                to.append(line.decision().status());
                switch (line.decision()) {
                    case Decision.Kept kept -> {
                        to.appendNull();
                        to.appendNull();
                        to.append(kept.size().width());
                        to.append(kept.size().height());
                        to.append(kept.original().width());
                        to.append(kept.original().height());
                        to.append(kept.sha256());
                        to.append(kept.phash());
                    }
                    case Decision.LeftOut left -> {
                        to.append(left.cause());
                        if (left.detail().isEmpty()) to.appendNull();
                        else to.append(left.detail());
                        for (int i = 0; i < 6; i++) to.appendNull();
                    }
                }
                to.endRow();
            }
        }
    }

    private static String unlessForgotten(String column) { return unlessForgotten(column, column); }

    private static String unlessForgotten(String column, String name) {
        return "CASE WHEN %s THEN NULL ELSE %s END AS %s".formatted(FORGOTTEN, column, name);
    }

    /// A copy whose rows of some keys say no more than that they are forgotten.
    static void copyForgetting(DuckDb database, List<String> keys, Path from, Path to) throws SQLException {
        var forgotten = "key IN (" + String.join(", ", keys.stream().map(DuckDb::text).toList()) + ")";
        var source = "read_parquet(" + DuckDb.file(from) + ")";
        var columns = new ArrayList<String>();
        database.query("SELECT column_name FROM (DESCRIBE SELECT * FROM " + source + ")", row -> columns.add(row.getString(1)));
        var list = columns.stream().map(column -> switch (column) {
            case "status" -> "CASE WHEN %s THEN 'left_out' ELSE status END AS status".formatted(forgotten);
            case "cause" -> "CASE WHEN %s THEN '%s' ELSE cause END AS cause".formatted(forgotten, RowCause.FORGOTTEN.word());
            case String name when LASTING.contains(name) -> name;
            default -> "CASE WHEN %s THEN NULL ELSE %2$s END AS %2$s".formatted(forgotten, DuckDb.name(column));
        }).toList();
        database.execute("COPY (SELECT %s FROM %s ORDER BY key) TO %s (FORMAT parquet, COMPRESSION zstd)"
                .formatted(String.join(", ", list), source, DuckDb.text(to)));
    }
}
