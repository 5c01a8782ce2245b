package dev.fusedit.trainer.data.prepare;

import dev.fusedit.trainer.data.table.DuckDb;
import com.google.common.base.Ascii;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.data.image.PHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Takes samples out of a prepared set, for good: first it is written down that they are forgotten, then each shard that has them is replaced.
/// Ended in between, the same command goes on.
public final class Forgetting {
    private static final long DATABASE_BYTES = 1L << 30;

    private final Path out;
    private final Plan plan;

    private Forgetting(Path out) {
        this.out = out;
        plan = Plan.read(out);
    }

    /// What is forgotten.
    ///
    /// @param rows of the tables, images or not
    /// @param shards that were replaced
    public record Result(int rows, int shards) {}

    /// @param url as the metadata have it
    /// @throws UserError if the folder holds no prepared set
    public static Result url(Path out, String url) { return new Forgetting(out).forget(Forgotten.ofUrl(url), "url", url.strip()); }

    /// @param hash SHA-256 of the file as it was fetched, or a perceptual hash, in hexadecimal digits
    public static Result hash(Path out, String hash) {
        var digits = Ascii.toLowerCase(hash.strip());
        if (digits.matches("[0-9a-f]{64}")) return new Forgetting(out).forget("sha256 " + digits, "sha256", digits);
        if (PHash.parse(digits).isPresent()) return new Forgetting(out).forget("phash " + digits, "phash", digits);
        throw new UserError("--hash %s: is no hash. Give 64 hexadecimal digits (SHA-256 of the file) or 16 (pHash)".formatted(hash));
    }

    private Result forget(String line, String column, String value) {
        Forgotten.of(out).with(line);
        int rows = 0, shards = 0;
        try (var database = DuckDb.open(ShardFiles.work(out).resolve("forget"), 1, DATABASE_BYTES)) {
            for (int shard = 0; shard < plan.shards(); shard++) {
                var files = new ShardFiles(out, plan.shardName(shard));
                if (!Files.exists(files.table())) continue;
                var keys = keys(database, files, column, value);
                if (keys.isEmpty()) continue;
                replace(database, files, keys);
                rows += keys.size();
                shards++;
            }
        } catch (SQLException e) {
            throw new UserError("%s: a table cannot be read or written: %s".formatted(out, DuckDb.reason(e)), e);
        } catch (IOException e) {
            throw WriteFailure.of(out, e);
        }
        if (Files.exists(out.resolve("README.md"))) { // the set is whole
            DataCard.write(out);
            ShardFiles.tidy(out);
        }
        return new Result(rows, shards);
    }

    private static List<String> keys(DuckDb database, ShardFiles files, String column, String value) throws SQLException {
        var keys = new ArrayList<String>();
        database.query(
                "SELECT key FROM read_parquet(%s) WHERE trim(%s) = ? ORDER BY key".formatted(DuckDb.file(files.table()), column),
                row -> keys.add(row.getString(1)), value);
        return keys;
    }

    private void replace(DuckDb database, ShardFiles files, List<String> keys) throws IOException, SQLException {
        try (var _ = ShardLock.take(files)
                .orElseThrow(() -> new UserError("%s: another process is at it. Try again when it has ended".formatted(files.table())))) {
            if (Files.exists(files.tar())) ShardTar.copyWithout(new HashSet<>(keys), files.tar(), files.unfinished("tar"));
            Files.deleteIfExists(files.unfinished("parquet"));
            ShardTable.copyForgetting(database, keys, files.table(), files.unfinished("parquet"));
            var causes = counts(database, files, "coalesce(cause, 'success')");
            files.publish(new Tally(causes), counts(database, files, "status"));
        }
    }

    private static Map<String, Long> counts(DuckDb database, ShardFiles files, String by) throws SQLException {
        var counts = new TreeMap<String, Long>();
        database.query(
                "SELECT %s, count(*) FROM read_parquet(%s) GROUP BY 1".formatted(by, DuckDb.file(files.unfinished("parquet"))),
                row -> counts.put(row.getString(1), row.getLong(2)));
        return counts;
    }
}
