package dev.fusedit.trainer.data.source;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.io.FileFormat;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.NearFiles;
import dev.fusedit.trainer.data.table.DuckDb;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// What the footer of a Parquet file says: its columns, and how many rows each row group has. No row is read.
///
/// @param name by which its samples are known
/// @param marked columns that Hugging Face's metadata calls images
/// @param stamp of its size, and of its footer, which has the size of each column of each row group
/// @param broken why it cannot be read; empty for one that can
record ParquetFile(Path file, String name, List<Column> columns, List<String> marked, List<Group> groups, String stamp,
        Optional<String> broken) {
    private static final int TAIL = 1 << 16;
    private static final String IMAGE_STRUCT = "STRUCT\\((?:[^()]*, )?bytes BLOB(?:, [^()]*)?\\)";

    record Column(String name, Kind kind) {
        /// What is to be selected for the image's bytes.
        String bytes() { return kind == Kind.IMAGE ? DuckDb.name(name) + ".bytes" : DuckDb.name(name); }

        boolean isText() { return kind == Kind.TEXT || kind == Kind.TEXTS; }
    }

    enum Kind {
        /// Hugging Face's struct of bytes and path.
        IMAGE,
        BYTES,
        TEXT,
        /// A list of texts.
        TEXTS,
        OTHER
    }

    /// @param bytes of all columns, uncompressed
    record Group(long rows, long bytes) {}

    /// @throws UserError if there is no such file, or it is another kind of file
    static ParquetFile of(DuckDb db, Path file, String name) {
        if (!Files.exists(file)) throw new UserError(file + ": no such file" + NearFiles.hint(file));
        if (Files.isDirectory(file)) throw new UserError(file + ": is a folder, not a Parquet table");
        var format = FileFormat.of(file);
        if (format != FileFormat.PARQUET && format != FileFormat.EMPTY) throw format.insteadOf("a Parquet table", file);
        var stamp = stampOf(file);
        try {
            return new ParquetFile(file, name, columns(db, file), marked(db, file), groups(db, file), stamp, Optional.empty());
        } catch (SQLException e) {
            var reason = DuckDb.reason(e).replace("'" + file + "'", "it");
            return new ParquetFile(file, name, List.of(), List.of(), List.of(), stamp, Optional.of("its footer cannot be read: " + reason));
        }
    }

    long rows() { return groups.stream().mapToLong(Group::rows).sum(); }

    Optional<Column> column(String wanted) { return columns.stream().filter(column -> column.name().equals(wanted)).findFirst(); }

    /// The column of images: the one that is named; else the first that the metadata calls one, that is a struct as images are, or that holds
    /// bytes.
    ///
    /// @param wanted empty for the first usual one
    /// @throws UserError naming the columns that there are
    Column image(String wanted) {
        if (!wanted.isEmpty()) {
            return column(wanted).filter(column -> column.kind() == Kind.IMAGE || column.kind() == Kind.BYTES)
                    .orElseThrow(() -> new UserError("%s: has no column '%s' of images; it has %s".formatted(file, wanted, described())));
        }
        var usable = ImmutableList.<Column>builder();
        marked.forEach(each -> column(each).ifPresent(usable::add));
        columns.stream().filter(column -> column.kind() == Kind.IMAGE).forEach(usable::add);
        columns.stream().filter(column -> column.kind() == Kind.BYTES).forEach(usable::add);
        return usable.build().stream().filter(column -> column.kind() == Kind.IMAGE || column.kind() == Kind.BYTES).findFirst()
                .orElseThrow(() -> new UserError("%s: has no column of images; it has %s".formatted(file, described())));
    }

    private String described() {
        return columns.stream().map(column -> column.name() + " (" + switch (column.kind()) {
            case IMAGE -> "images";
            case BYTES -> "bytes";
            case TEXT -> "text";
            case TEXTS -> "texts";
            case OTHER -> "other values";
        } + ")").collect(Collectors.joining(", "));
    }

    private static List<Column> columns(DuckDb db, Path file) throws SQLException {
        var columns = new ArrayList<Column>();
        db.query("DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)",
                row -> columns.add(new Column(row.getString("column_name"), kind(row.getString("column_type")))), DuckDb.path(file));
        return columns;
    }

    private static Kind kind(String type) {
        return switch (type) {
            case "BLOB" -> Kind.BYTES;
            case "VARCHAR" -> Kind.TEXT;
            case "VARCHAR[]" -> Kind.TEXTS;
            default -> type.matches(IMAGE_STRUCT) ? Kind.IMAGE : Kind.OTHER;
        };
    }

    private static List<Group> groups(DuckDb db, Path file) throws SQLException {
        var groups = new ArrayList<Group>();
        db.query("SELECT any_value(row_group_num_rows), sum(total_uncompressed_size)::BIGINT FROM parquet_metadata(?) "
                + "GROUP BY row_group_id ORDER BY row_group_id", row -> groups.add(new Group(row.getLong(1), row.getLong(2))),
                DuckDb.path(file));
        return groups;
    }

    /// `{"info": {"features": {"image": {"_type": "Image"}}}}`, which the library datasets writes under `huggingface`.
    private static List<String> marked(DuckDb db, Path file) throws SQLException {
        var marked = new ArrayList<String>();
        db.query("SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = 'huggingface'", row -> {
            try {
                var features = JsonFile.line(row.getString(1), file, 1, "Write the file anew").at("/info/features");
                features.properties().stream().filter(each -> each.getValue().path("_type").asText().equals("Image"))
                        .forEach(each -> marked.add(each.getKey()));
            } catch (UserError _) {
                // of another form: the columns' types say enough
            }
        }, DuckDb.path(file));
        return marked;
    }

    private static String stampOf(Path file) {
        try (var in = new RandomAccessFile(file.toFile(), "r")) {
            var tail = new byte[(int) Math.min(TAIL, in.length())];
            in.seek(in.length() - tail.length);
            in.readFully(tail);
            return in.length() + " " + Hashing.sha256().hashBytes(tail);
        } catch (IOException e) {
            throw new UserError("%s: cannot be read: %s".formatted(file, SystemReason.of(e)), e);
        }
    }
}
