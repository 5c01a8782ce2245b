package dev.fusedit.trainer.data.prepare;

import dev.fusedit.trainer.data.table.DuckDb;
import dev.fusedit.trainer.data.fetch.HostileSite;
import dev.fusedit.trainer.data.image.ImageDecoder;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.PHash;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;

/// Metadata of COYO-700M's schema, with all its 17 columns, about images of a [HostileSite].
final class CoyoMetadata {
    static final List<String> KINDS = List.of("ok", "ok", "ok", "late", "redirect", "untyped", "busy", "shaky", "small", "wide", "changed",
            "broken", "short", "html", "page", "empty", "loop", "local", "around", "missing", "crowded", "down", "noai", "reserved", "huge",
            "cut",
            "garbage", "forbidden");

    private CoyoMetadata() {}

    /// Row i is of kind i modulo the number of kinds. Some rows are left out by each rule; every 50th looks like the row before it of the same kind.
    static void write(Path file, int first, int rows, HostileSite site) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:duckdb:"); var statement = connection.createStatement()) {
            statement.execute("""
                    CREATE TABLE rows (id BIGINT, url VARCHAR, "text" VARCHAR, width INTEGER, height INTEGER, image_phash VARCHAR,
                    text_length INTEGER, word_count INTEGER, num_tokens_bert INTEGER, num_tokens_gpt INTEGER, num_faces INTEGER,
                    clip_similarity_vitb32 FLOAT, clip_similarity_vitl14 FLOAT, nsfw_score_opennsfw2 FLOAT, nsfw_score_gantman FLOAT,
                    watermark_score FLOAT, aesthetic_score_laion_v2 FLOAT)""");
            try (var insert =
                    connection.prepareStatement("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, 3, 3, 0, ?, .25, ?, .1, ?, ?)")) {
                for (int i = first; i < first + rows; i++) {
                    var kind = KINDS.get(i % KINDS.size());
                    var text = "a picture of the number " + i + " in waves";
                    insert.setLong(1, 1_000_000_000_000L + i);
                    insert.setString(2, i % 97 == 96 ? null : site.url("/" + kind + "/" + i + ".jpg"));
                    insert.setString(3, i % 101 == 100 ? " " : text);
                    insert.setInt(4, i % 31 == 30 ? 40 : 640);
                    insert.setInt(5, i % 37 == 36 ? 6400 : 480);
                    insert.setString(6, i % 29 == 28 ? null : phash(i % 50 == 49 ? i - KINDS.size() : i));
                    insert.setInt(7, text.length());
                    insert.setInt(8, i % 41 == 40 ? 2 : 8);
                    insert.setFloat(9, i % 43 == 42 ? .1f : .3f);
                    insert.setFloat(10, i % 47 == 46 ? .9f : .1f);
                    insert.setFloat(11, i % 53 == 52 ? .8f : .1f);
                    insert.setFloat(12, i % 59 == 58 ? 2f : 5f);
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            statement.execute("COPY rows TO " + DuckDb.text(file) + " (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 2048)");
        }
    }

    /// As [#write], but in one statement: rows have 5,000 images together, nine of ten are
    /// left out by their score, and of four of ten the hash is one of 776,000, which their image has not.
    static void writeMany(Path file, int first, int rows, HostileSite site) throws SQLException {
        var kinds = KINDS.stream().map(kind -> "'" + kind + "'").collect(Collectors.joining(", ", "[", "]"));
        try (var connection = DriverManager.getConnection("jdbc:duckdb:"); var statement = connection.createStatement()) {
            statement.execute("""
                    COPY (SELECT 1000000000000 + i AS id,
                    CASE WHEN i %% 97 < 96 THEN '%s' || %s[i %% %d + 1] || '/' || i %% 5000 || '.jpg' END AS url,
                    CASE WHEN i %% 101 = 100 THEN ' ' ELSE 'a picture of the number ' || i || ' in waves' END AS "text",
                    CASE WHEN i %% 31 = 30 THEN 40 ELSE 640 END::INTEGER AS width, CASE WHEN i %% 37 = 36 THEN 6400 ELSE 480 END::INTEGER AS height,
                    CASE WHEN i %% 100 < 40 THEN printf('%%016x', hash(hash(i) %% 776000)::HUGEINT::VARCHAR::UBIGINT) END AS image_phash,
                    35::INTEGER AS text_length, CASE WHEN i %% 41 = 40 THEN 2 ELSE 8 END::INTEGER AS word_count, 3::INTEGER AS num_tokens_bert,
                    3::INTEGER AS num_tokens_gpt, 0::INTEGER AS num_faces, CASE WHEN i %% 43 = 42 THEN .1 ELSE .3 END::FLOAT AS clip_similarity_vitb32,
                    .25::FLOAT AS clip_similarity_vitl14, CASE WHEN i %% 47 = 46 THEN .9 ELSE .1 END::FLOAT AS nsfw_score_opennsfw2,
                    .1::FLOAT AS nsfw_score_gantman, CASE WHEN i %% 53 = 52 THEN .8 ELSE .1 END::FLOAT AS watermark_score,
                    CASE WHEN i %% 10 < 9 THEN 2 ELSE 5 END::FLOAT AS aesthetic_score_laion_v2
                    FROM (SELECT range AS i FROM range(%d, %d))) TO %s (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 10240)"""
                    .formatted(site.url("/"), kinds, KINDS.size(), first, first + rows, DuckDb.text(file)));
        }
    }

    private static String phash(int number) {
        return PHash.hex(PHash.of(ImageDecoder.decode(HostileSite.image(number), "image", ImageDecoding.REFERENCE)));
    }
}
