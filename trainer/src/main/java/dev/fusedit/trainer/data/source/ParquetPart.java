package dev.fusedit.trainer.data.source;

import dev.fusedit.trainer.data.table.DuckDb;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Neighbouring rows of a Parquet file, read together.
///
/// @param bytes of all images
record ParquetPart(List<Row> rows, long bytes) {
    /// What was read, or why it could not be.
    @FunctionalInterface
    interface Read<T> {
        T get() throws BadSample;
    }

    record Row(Read<byte[]> image, Read<Map<String, String>> texts) {}

    /// Where a part lies.
    ///
    /// @param first row of the file
    record Place(ParquetFile file, ParquetFile.Column image, List<ParquetFile.Column> texts, long first, int count) {}

    /// Reads a part; where that fails, its rows one by one, so that one damaged page costs no other rows.
    static ParquetPart read(DuckDb db, Place place) {
        try {
            var rows = new ArrayList<Row>();
            var bytes = new long[1];
            select(db, place, columns(place), place.first(), place.count(), row -> {
                var image = row.getBytes(1);
                bytes[0] += image == null ? 0 : image.length;
                var texts = texts(row, place, 2);
                rows.add(new Row(() -> require(image), () -> texts));
            });
            if (rows.size() == place.count()) return new ParquetPart(rows, bytes[0]);
        } catch (SQLException _) {
            // one of them cannot be read
        }
        var rows = new ArrayList<Row>();
        for (int i = 0; i < place.count(); i++) rows.add(single(db, place, place.first() + i));
        return new ParquetPart(rows, 0);
    }

    /// Kept as how to read it, not as what was read: it is a damaged file's.
    private static Row single(DuckDb db, Place place, long row) {
        return new Row(() -> {
            var images = new ArrayList<byte[]>();
            try {
                select(db, place, List.of(place.image().bytes()), row, 1, found -> images.add(found.getBytes(1)));
            } catch (SQLException e) {
                throw new BadSample(Cause.BROKEN_IMAGE, "its row cannot be read: " + DuckDb.reason(e));
            }
            return require(images.isEmpty() ? null : images.getFirst());
        }, () -> {
            var texts = new LinkedHashMap<String, String>();
            try {
                select(db, place, texts(place), row, 1, found -> texts.putAll(texts(found, place, 1)));
            } catch (SQLException e) {
                throw new BadSample(Cause.BAD_TEXT, "its texts cannot be read: " + DuckDb.reason(e));
            }
            return texts;
        });
    }

    private static byte[] require(byte @Nullable [] image) throws BadSample {
        if (image == null) throw new BadSample(Cause.BROKEN_IMAGE, "its row holds no bytes of an image");
        return image;
    }

    private static List<String> texts(Place place) { return place.texts().stream().map(column -> DuckDb.name(column.name())).toList(); }

    private static List<String> columns(Place place) {
        var columns = new ArrayList<>(List.of(place.image().bytes()));
        columns.addAll(texts(place));
        return columns;
    }

    private static void select(DuckDb db, Place place, List<String> columns, long first, int count, DuckDb.RowReader reader)
            throws SQLException {
        db.query("SELECT %s FROM read_parquet(?, file_row_number = true, hive_partitioning = false) WHERE file_row_number BETWEEN ? AND ? "
                .formatted(columns.isEmpty() ? "1" : String.join(", ", columns)), reader, DuckDb.path(place.file().file()), first,
                first + count - 1);
    }

    private static Map<String, String> texts(ResultSet row, Place place, int firstColumn) throws SQLException {
        var texts = new LinkedHashMap<String, String>();
        for (int i = 0; i < place.texts().size(); i++) {
            var column = place.texts().get(i);
            if (column.kind() == ParquetFile.Kind.TEXTS) {
                var list = row.getArray(firstColumn + i);
                if (list != null) TextLists.put(texts, column.name(), Arrays.asList((Object[]) list.getArray()));
            } else {
                var text = row.getString(firstColumn + i);
                if (text != null) texts.put(column.name(), text);
            }
        }
        return texts;
    }
}
