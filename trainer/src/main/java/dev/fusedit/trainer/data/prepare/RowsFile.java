package dev.fusedit.trainer.data.prepare;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.data.table.DuckDb;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/// `rows.parquet` of a set whose metadata are not published as Parquet files, or whose images are in archives: its rows as Parquet, so that what
/// comes after reads all sets alike. Without archives they are the metadata's, in their order. With archives they are the archives' images, in
/// the order in which they lie there, each with the metadata of its name: a shard's images are neighbours on the disk.
///
/// Made of the same files it is the same, whoever makes it.
record RowsFile(PublishedSet set, List<Path> metadata, ImageArchives archives) {
    private static final String NAME = "rows.parquet";
    /// Columns that say where an image lies: name of its archive, begin and number of its bytes there, unpacked.
    static final List<String> PLACE = List.of("archive", "archive_begin", "archive_bytes");
    /// Neighbouring rows are read for a shard: groups are no larger than those.
    private static final int ROW_GROUP = 16_384;
    private static final Set<String> IMAGES = Set.of("jpg", "jpeg", "png", "webp");
    /// In SQL: a file's name without folders and ending.
    private static final String STEM = "regexp_extract(%s, '([^/]*?)([.][^./]*)?$', 1)";

    /// Parquet files of all rows: those that are published, or the one that is made of them, unless it is there.
    ///
    /// @param scratch folder in which it is made
    /// @throws UserError if a file is damaged, or not this set's
    static List<Path> paths(PrepareRequest request, Inputs inputs, DuckDb database, Path scratch) {
        return switch (request.filters().set().form()) {
            case MetadataForm.Parquet _ -> inputs.metadata();
            case MetadataForm.JsonLines _ -> List.of(made(request, inputs, database, scratch));
            case MetadataForm.TextFiles _ -> List.of(made(request, inputs, database, scratch));
        };
    }

    private static Path made(PrepareRequest request, Inputs inputs, DuckDb database, Path scratch) {
        var kept = request.out().resolve(NAME);
        if (Files.exists(kept)) return kept;
        ShardFiles.make(scratch);
        var made = scratch.resolve(NAME);
        new RowsFile(request.filters().set(), inputs.metadata(), inputs.archives()).write(database, scratch, made);
        return made;
    }

    /// Hands it on to all who work in a folder; who made it goes on with its own. Each process that comes first makes the same.
    static void keep(Path scratch, Path out) {
        var made = scratch.resolve(NAME);
        if (!Files.exists(made)) return;
        var copy = scratch.resolve("copy-of-" + NAME);
        try {
            Files.copy(made, copy);
            Files.move(copy, out.resolve(NAME), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw WriteFailure.of(out.resolve(NAME), e);
        }
    }

    private void write(DuckDb database, Path scratch, Path file) {
        try (var own = database.session(); var statement = own.createStatement()) {
            switch (set.form()) {
                case MetadataForm.Parquet _ -> throw new IllegalStateException("Parquet files are read where they lie");
                case MetadataForm.JsonLines lines -> statement.execute(annotations("SELECT %s, %s AS image FROM read_json(%s,"
                        .formatted(lines.columns(), STEM.formatted(lines.image()), list(jsonFiles(scratch)))
                        + " format = 'newline_delimited', columns = " + lines.fields() + ")"));
                case MetadataForm.TextFiles _ -> {
                    statement.execute("CREATE TEMP TABLE texts (name VARCHAR, caption VARCHAR)");
                    readTexts(own);
                    statement.execute(
                            annotations("SELECT NULL::VARCHAR AS url, caption, %s AS image FROM texts".formatted(STEM.formatted("name"))));
                }
            }
            requireCaptions(own);
            var rows = archives.isEmpty() ? "SELECT * EXCLUDE (image) FROM annotations" : joined(own);
            statement.execute(
                    "COPY (%s) TO %s (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE %d)".formatted(rows, DuckDb.text(file), ROW_GROUP));
        } catch (SQLException e) {
            throw new UserError("--metadata %s: cannot be read as the metadata of %s: %s".formatted(names(), set.title(), DuckDb.reason(e)),
                    e);
        }
    }

    /// All rows, as they are asked for; for a join a table.
    private String annotations(String select) {
        return archives.isEmpty() ? "CREATE TEMP VIEW annotations AS " + select
                : "CREATE TEMP TABLE annotations AS SELECT *, row_number() OVER () AS line FROM (%s)".formatted(select);
    }

    private String names() { return metadata.stream().map(Path::toString).collect(Collectors.joining(" ")); }

    private static String list(List<Path> files) {
        return files.stream().map(DuckDb::file).collect(Collectors.joining(", ", "[", "]"));
    }

    /// Those that are in a tar archive, as JourneyDB's, are unpacked.
    private List<Path> jsonFiles(Path scratch) {
        var files = new ArrayList<Path>();
        for (var file : metadata) {
            if (!file.getFileName().toString().toLowerCase(Locale.ROOT).matches(".*\\.(tgz|tar|tar\\.gz)")) {
                files.add(file);
                continue;
            }
            ImageArchives.contents(file, (name, content) -> {
                if (!name.endsWith(".jsonl") && !name.endsWith(".json")) return;
                files.add(scratch.resolve("metadata-" + files.size() + ".jsonl"));
                Files.copy(content, files.getLast());
            });
        }
        if (files.isEmpty()) throw new UserError("--metadata %s: holds no .jsonl file".formatted(names()));
        return files;
    }

    private void readTexts(DuckDBConnection own) throws SQLException {
        try (var to = own.createAppender("temp", "main", "texts")) {
            for (var archive : metadata) {
                ImageArchives.contents(archive, (name, content) -> {
                    if (name.endsWith(".txt")) append(to, name, new String(content.readAllBytes(), StandardCharsets.UTF_8));
                });
            }
        }
    }

    private void requireCaptions(DuckDBConnection own) throws SQLException {
        try (var statement = own.createStatement();
                var any = statement.executeQuery("SELECT count(*) FROM (SELECT 1 FROM annotations WHERE %s IS NOT NULL LIMIT 1)"
                        .formatted(DuckDb.name(set.caption())))) {
            any.next();
            if (any.getLong(1) == 0)
                throw new UserError("--metadata %s: is not the metadata of %s: no row has a text".formatted(names(), set.title()));
        }
    }

    private String joined(DuckDBConnection own) throws SQLException {
        try (var statement = own.createStatement()) {
            statement.execute(
                    "CREATE TEMP TABLE members (number BIGINT, archive VARCHAR, name VARCHAR, archive_begin BIGINT, archive_bytes BIGINT)");
        }
        long[] number = {0};
        try (var to = own.createAppender("temp", "main", "members")) {
            for (var archive : archives.files()) {
                ImageArchives.members(archive, (name, begin, bytes) -> {
                    if (IMAGES.contains(ending(name)))
                        append(to, number[0]++, archive.getFileName().toString(), name.replaceFirst("^[.]/", ""), begin, bytes);
                });
            }
        }
        if (number[0] == 0) throw new UserError("--images: the archives hold no images (%s)".formatted(String.join(", ", IMAGES)));
        // the first line of each image is found by numbers alone, so that texts are held by joins and sorts, which spill to the disk
        return "SELECT coalesce(annotations.url, members.archive || '/' || members.name) AS url, annotations.* EXCLUDE (url, image, line),"
                + " members.archive, members.archive_begin, members.archive_bytes FROM members LEFT JOIN"
                + " (SELECT * FROM annotations WHERE line IN (SELECT min(line) FROM annotations GROUP BY image)) AS annotations"
                + " ON annotations.image = " + STEM.formatted("members.name") + " ORDER BY members.number";
    }

    private static void append(DuckDBAppender to, Object... values) throws IOException {
        try {
            to.beginRow();
            for (var value : values) {
                switch (value) {
                    case Long number -> to.append(number.longValue());
                    default -> to.append(value.toString());
                }
            }
            to.endRow();
        } catch (SQLException e) {
            throw new IOException(DuckDb.reason(e), e);
        }
    }

    private static String ending(String name) { return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT); }
}
