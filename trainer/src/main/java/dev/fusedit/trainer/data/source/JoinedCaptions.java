package dev.fusedit.trainer.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.table.DuckDb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// The rows of a file of captions that belong to a source's samples.
///
/// @param rows texts by what samples are known by
/// @param problems rows that cannot be read
/// @param fields names of texts
public record JoinedCaptions(Map<String, Map<String, String>> rows, List<Problem> problems, Set<String> fields, Counts counts) {
    /// @param read rows
    /// @param repeated rows of a sample that had one before: the last one counts
    public record Counts(long read, long repeated) {}

    /// @param file JSON lines, CSV, or Parquet: a file, a folder, or a pattern
    /// @param column which says whose captions a row has
    /// @param wanted what samples are known by; other rows are left out
    /// @throws UserError if it cannot be read, or has no such column
    static JoinedCaptions read(String file, String column, Set<String> wanted, boolean anyCase) {
        var reading = new Reading(column, wanted, anyCase);
        var path = Path.of(file);
        if (isLines(path)) reading.lines(path);
        else reading.parquet(file);
        if (reading.keyed == 0)
            throw new UserError("%s: no row has '%s', which says whose captions it has".formatted(file, column));
        return new JoinedCaptions(reading.rows, ImmutableList.copyOf(reading.problems), reading.fields,
                new Counts(reading.read, reading.repeated));
    }

    /// Whether it is read as a text: JSON lines or CSV.
    public static boolean isLines(Path file) {
        var name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".csv");
    }

    /// Takes rows as they come.
    private static final class Reading implements CaptionRows.Taker {
        private final String column;
        private final Set<String> wanted;
        private final boolean anyCase;
        private final Map<String, Map<String, String>> rows = new HashMap<>();
        private final List<Problem> problems = new ArrayList<>();
        private final Set<String> fields = new TreeSet<>();
        private long read;
        private long keyed;
        private long repeated;

        Reading(String column, Set<String> wanted, boolean anyCase) {
            this.column = column;
            this.wanted = new HashSet<>(wanted);
            this.anyCase = anyCase;
            this.wanted.remove("");
        }

        void lines(Path file) {
            try {
                CaptionRows.read(file, String.valueOf(file.getFileName()), this);
            } catch (IOException e) {
                throw new UserError("%s: cannot be read as captions: %s".formatted(file, SystemReason.of(e)), e);
            }
        }

        void parquet(String pattern) {
            try (var db = DuckDb.open()) {
                for (var named : ParquetNames.files(db, List.of(pattern)).entrySet()) {
                    var file = ParquetFile.of(db, named.getValue(), named.getKey());
                    file.broken().ifPresent(why -> {
                        throw new UserError("%s: cannot be read as captions: %s".formatted(file.file(), why));
                    });
                    try {
                        CaptionRows.parquet(db, file, column, this);
                    } catch (SQLException e) {
                        throw new UserError("%s: cannot be read as captions: %s".formatted(file.file(), DuckDb.reason(e)), e);
                    }
                }
            }
        }

        @Override
        public void row(String place, JsonNode row) {
            read++;
            var key = row.path(column).asText("");
            if (key.isEmpty()) {
                bad(place, "has no " + column);
                return;
            }
            keyed++;
            var known = anyCase ? key.toLowerCase(Locale.ROOT) : key;
            if (!wanted.contains(known)) return;
            var texts = CaptionRows.texts(row, List.of(column));
            fields.addAll(CaptionRows.names(row, texts));
            if (rows.put(known, texts) != null) repeated++;
        }

        @Override
        public void bad(String place, String detail) { problems.add(new Problem(place, Cause.BAD_TEXT, detail)); }
    }

    /// Name, size and date of all that is read.
    static String stamp(String file) {
        try {
            var files = isLines(Path.of(file)) ? List.of(Path.of(file)) : ParquetNames.files(List.of(file));
            var stamp = new StringBuilder();
            for (var each : files)
                stamp.append(each.toAbsolutePath()).append(' ').append(Files.size(each)).append(' ')
                        .append(Files.getLastModifiedTime(each).toMillis()).append('\0');
            return stamp.toString();
        } catch (IOException e) {
            throw new UserError("%s: cannot be read: %s".formatted(file, SystemReason.of(e)), e);
        }
    }
}
