package dev.fusedit.trainer.data.source;

import com.google.common.base.Strings;
import com.google.common.base.Throwables;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import com.google.common.util.concurrent.ExecutionError;
import com.google.common.util.concurrent.UncheckedExecutionException;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.table.DuckDb;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/// Captioned images in Parquet files, as Hugging Face's library datasets lays them out: a column of structs of `bytes` and `path`, or of bytes
/// alone, and captions in columns of strings, or of lists of them. Samples are known by file and row: `train-00000-of-00010.parquet/17`.
///
/// Rows are read in parts of about [#PART] bytes that lie within a row group. As many parts stay at hand as the shuffling's window touches, up
/// to [#HELD] bytes, so reading goes through a window once and memory does not grow with the files.
public final class ParquetImages implements ImageSource {
    /// Bytes of a part, about; a constant, for the order of samples goes by it.
    private static final long PART = 4 << 20;
    private static final int MOST_ROWS = 256;
    private static final long HELD = 256 << 20;
    private static final List<String> CAPTIONS = List.of("text", "caption", "captions", "prompt", "description", "title");
    /// Texts that are no captions, unless the recipe says so.
    static final Set<String> NO_CAPTIONS = Set.of("key", "id", "url", "path", "file_name", "filename", "sha256", "md5", "status",
            "error_message", "exif", "license", "split");

    private final DuckDb db;
    private final String place;
    private final ImmutableList<ParquetFile> files;
    private final ImmutableList<ParquetPart.Place> parts;
    /// Of each part the index of its first sample, and at the end the count of all.
    private final int[] firsts;
    private final String imageColumn;
    private final int block;
    private final Cache<Integer, ParquetPart> held;

    private ParquetImages(DuckDb db, String place, List<ParquetFile> files, String imageColumn) {
        this.db = db;
        this.place = place;
        this.files = ImmutableList.copyOf(files);
        this.imageColumn = imageColumn;
        block = block(files);
        parts = files.stream().flatMap(file -> parts(file, imageColumn, block)).collect(ImmutableList.toImmutableList());
        firsts = new int[parts.size() + 1];
        for (int i = 0; i < parts.size(); i++) firsts[i + 1] = Math.addExact(firsts[i], parts.get(i).count());
        held = CacheBuilder.newBuilder().concurrencyLevel(1).maximumWeight(Math.min(HELD, Runtime.getRuntime().maxMemory() / 4))
                .weigher((Integer _, ParquetPart part) -> (int) Math.min(Integer.MAX_VALUE, part.bytes() + 1)).build();
    }

    /// Reads the footers of all files; no image is read.
    ///
    /// @param patterns as [ParquetNames] reads them
    /// @param image column of the image; empty for the first usual one
    /// @throws UserError if a file is not there, is no Parquet file, or has no such column
    public static ParquetImages open(List<String> patterns, String image) {
        var db = DuckDb.open();
        try {
            var files = new ArrayList<ParquetFile>();
            ParquetNames.files(db, patterns).forEach((name, file) -> files.add(ParquetFile.of(db, file, name)));
            var whole = files.stream().filter(file -> file.broken().isEmpty()).toList();
            var column = whole.isEmpty() ? image : whole.getFirst().image(image).name();
            whole.forEach(file -> file.image(column));
            return new ParquetImages(db, String.join("::", patterns), files, column);
        } catch (RuntimeException e) {
            db.close();
            throw e;
        }
    }

    /// As many neighbours as a part of usual size has.
    private static int block(List<ParquetFile> files) {
        long rows = 1, bytes = 1, largest = 1;
        for (var file : files) {
            for (var group : file.groups()) {
                rows += group.rows();
                bytes += group.bytes();
                largest = Math.max(largest, group.rows());
            }
        }
        return (int) Math.clamp(Math.round((double) PART * rows / bytes), 1, Math.min(largest, MOST_ROWS));
    }

    private static Stream<ParquetPart.Place> parts(ParquetFile file, String imageColumn, int block) {
        if (file.broken().isPresent()) return Stream.of();
        var image = file.image(imageColumn);
        var texts = file.columns().stream().filter(ParquetFile.Column::isText).toList();
        var parts = new ArrayList<ParquetPart.Place>();
        long first = 0;
        for (var group : file.groups()) {
            for (long row = 0; row < group.rows(); row += block)
                parts.add(new ParquetPart.Place(file, image, texts, first + row, (int) Math.min(block, group.rows() - row)));
            first += group.rows();
        }
        return parts.stream();
    }

    private int part(int index) {
        int found = Arrays.binarySearch(firsts, index);
        return found < 0 ? -found - 2 : found;
    }

    private ParquetPart.Row row(int index) {
        int part = part(index);
        try {
            return held.get(part, () -> ParquetPart.read(db, parts.get(part))).rows().get(index - firsts[part]);
        } catch (ExecutionException | UncheckedExecutionException | ExecutionError e) {
            Throwables.throwIfUnchecked(e.getCause());
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public String place() { return place; }

    @Override
    public String kind() { return "parquet"; }

    @Override
    public String imageField() { return imageColumn; }

    @Override
    public int size() { return firsts[parts.size()]; }

    @Override
    public String key(int index) {
        int part = part(index);
        return parts.get(part).file().name() + "/" + (parts.get(part).first() + index - firsts[part]);
    }

    @Override
    public long bytes(int index) {
        try {
            return row(index).image().get().length;
        } catch (BadSample _) {
            return -1;
        }
    }

    @Override
    public byte[] image(int index) throws BadSample { return row(index).image().get(); }

    @Override
    public Map<String, String> texts(int index) throws BadSample {
        return row(index).texts().get();
    }

    /// Of any column, whatever its type.
    @Override
    public List<String> values(String field) {
        var values = new ArrayList<String>();
        for (var file : files) {
            if (file.broken().isPresent()) continue;
            file.column(field).orElseThrow(() -> new UserError("%s: has no column '%s'".formatted(file.file(), field)));
            try {
                db.query("SELECT CAST(%s AS VARCHAR) FROM read_parquet(?, hive_partitioning = false)".formatted(DuckDb.name(field)),
                        row -> values.add(Strings.nullToEmpty(row.getString(1))), DuckDb.path(file.file()));
            } catch (SQLException e) {
                throw new UserError("%s: column '%s' cannot be read: %s".formatted(file.file(), field, DuckDb.reason(e)), e);
            }
        }
        return values;
    }

    @Override
    public List<String> usualCaptions() {
        var texts = files.stream().flatMap(file -> file.columns().stream()).filter(ParquetFile.Column::isText)
                .map(ParquetFile.Column::name).distinct().filter(name -> !CAPTIONS.contains(name) && !NO_CAPTIONS.contains(name));
        return Stream.concat(CAPTIONS.stream(), texts).collect(ImmutableList.toImmutableList());
    }

    @Override
    public List<Problem> problems() {
        return files.stream().flatMap(file -> file.broken().stream().map(why -> new Problem(file.name(), Cause.BROKEN_SHARD, why)))
                .toList();
    }

    @Override
    public Others others() { return new Others(0, 0); }

    @Override
    public int block() { return block; }

    /// Of names, sizes and footers: the images themselves would have to be read.
    @Override
    public String digest() {
        var hasher = Hashing.sha256().newHasher();
        files.forEach(file -> hasher.putString(file.name() + "\0" + file.stamp() + "\0", StandardCharsets.UTF_8));
        return hasher.putString(imageColumn, StandardCharsets.UTF_8).hash().toString().substring(0, 16);
    }

    @Override
    public String stamp() {
        var hasher = Hashing.sha256().newHasher();
        for (var file : files) {
            try {
                hasher.putString(file.file().toAbsolutePath() + " " + Files.getLastModifiedTime(file.file()).toMillis() + " " + file.stamp()
                        + "\0", StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UserError("%s: cannot be read: %s".formatted(file.file(), SystemReason.of(e)), e);
            }
        }
        return hasher.putString(imageColumn, StandardCharsets.UTF_8).hash().toString();
    }

    @Override
    public void close() {
        held.invalidateAll();
        db.close();
    }
}
