package dev.fusedit.trainer.data.prepare;

import dev.fusedit.trainer.data.table.DuckDb;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.Host;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.data.fetch.Fetcher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Prepares a published set in a folder, or goes on where another process ended. Whoever opens it closes it.
///
/// What is in the folder: `plan.json`, what all is a function of; `rows.parquet`, the rows of a set that is not published as Parquet;
/// `duplicates.parquet`, rows that look like earlier ones; the shards; their ledger; `README.md` once all are there.
public final class Preparation implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Preparation.class);
    private static final long MOST_DATABASE_BYTES = 4L << 30;
    private static final int HEAP_AND_DATABASE = 4;

    private final PrepareRequest request;
    private final Path scratch;
    private final DuckDb database;
    private final Inputs inputs;
    private final Metadata metadata;
    private final Plan plan;

    /// Told of rows that are done, by any thread.
    @FunctionalInterface
    public interface Progress {
        /// @param done of `all` rows of this process's part, those of shards done before included
        void rows(long done, long all);
    }

    /// What came of it.
    ///
    /// @param part of the shards of this process's part
    /// @param elsewhere shards of the part that another process is at
    /// @param whole whether all shards of the set are done
    public record Outcome(Tally part, int shards, int elsewhere, boolean whole) {}

    private Preparation(PrepareRequest request, Path scratch, DuckDb database, Inputs inputs, MetadataFiles files) {
        this.request = request;
        this.scratch = scratch;
        this.database = database;
        this.inputs = inputs;
        metadata = new Metadata(database, files, request.filters(), request.out().resolve("duplicates.parquet"));
        plan = Plan.of(request, inputs, files);
    }

    /// Looks at the metadata's files, and makes Parquet of those that are none, which may take minutes; nothing is written but what is needed for
    /// the while.
    ///
    /// @throws UserError if they are not there, or not this set's
    public static Preparation open(PrepareRequest request) {
        if (!request.language().isEmpty()) LanguageCheck.of(request.language());
        var scratch = ShardFiles.scratch(request.out());
        long memory = Math.min(MOST_DATABASE_BYTES, Host.here().memory().allowed() / HEAP_AND_DATABASE);
        var database = DuckDb.open(scratch, Host.here().cores().allowed(), memory);
        try {
            var inputs = Inputs.find(database, request);
            return new Preparation(request, scratch, database, inputs,
                    MetadataFiles.of(database, RowsFile.paths(request, inputs, database, scratch), request.filters().set()));
        } catch (UserError e) {
            database.close();
            tidy(request, scratch);
            throw e;
        }
    }

    /// Rows by what their metadata say, without fetching or keeping anything: those that would be fetched under the empty word.
    public Map<String, Long> counts() {
        var file = scratch.resolve("duplicates.parquet");
        ShardFiles.make(scratch);
        try {
            var counted = new Metadata(database, metadata.files(), metadata.filters(), file);
            if (metadata.filters().set().phash().isPresent()) counted.writeDuplicates(plan.rows(), file);
            return counted.counts(plan.rows());
        } catch (SQLException e) {
            throw new UserError("the metadata cannot be counted: " + e.getMessage(), e);
        }
    }

    /// Makes the folder this preparation's, and puts into it what all who make its shards read.
    ///
    /// @throws UserError if the folder is another plan's, or cannot be written to
    public void begin() {
        plan.claim(request.out());
        RowsFile.keep(scratch, request.out());
        findDuplicates();
    }

    /// Makes all shards of the request's part that are not there.
    ///
    /// @throws UserError if the folder is another plan's, or cannot be written to
    public Outcome run(Progress progress) throws InterruptedException {
        begin();
        var mine = mine();
        long all = mine.stream().mapToLong(shard -> plan.endRow(shard) - plan.firstRow(shard)).sum();
        var left = mine.stream().filter(shard -> !isDone(shard)).toList();
        long[] done = {all - left.stream().mapToLong(shard -> plan.endRow(shard) - plan.firstRow(shard)).sum()};
        progress.rows(done[0], all);
        try (var fetcher = new Fetcher(request.fetch())) {
            var rowJob = new RowJob(request.filters(), request.imageRules(), request.hashes(), Forgotten.of(request.out()), fetcher,
                    request.fetch().mostBytes(), new PixelBudget(Host.here().cores().allowed()));
            var job = new ShardJob(metadata, plan, rowJob, request.language(), inputs.archives().byName(), request.out(), rows -> {
                synchronized (done) {
                    done[0] += rows;
                    progress.rows(done[0], all);
                }
            });
            return outcome(ShardPool.run(job, left, request.shardsAtOnce()));
        }
    }

    /// Shards of the whole set.
    public int shards() { return plan.shards(); }

    /// What has come of the request's part by now, whoever made its shards. Of a whole set the data card is written.
    ///
    /// @param elsewhere shards that other processes are at
    public Outcome outcome(int elsewhere) {
        var mine = mine();
        var part = Tally.none();
        for (int shard : mine) {
            if (isDone(shard)) part = part.plus(files(shard).tally());
        }
        boolean whole = IntStream.range(0, plan.shards()).allMatch(this::isDone);
        if (whole) {
            DataCard.write(request.out());
            ShardFiles.tidy(request.out());
        }
        return new Outcome(part, mine.size(), elsewhere, whole);
    }

    private List<Integer> mine() { return IntStream.range(0, plan.shards()).filter(request.part()::has).boxed().toList(); }

    private ShardFiles files(int shard) { return new ShardFiles(request.out(), plan.shardName(shard)); }

    private boolean isDone(int shard) {
        try {
            return files(shard).isDone();
        } catch (IOException e) {
            throw new UserError("%s: cannot be looked at: %s".formatted(files(shard).stats(), e.getMessage()), e);
        }
    }

    /// Each process that comes first computes the same.
    private void findDuplicates() {
        var file = metadata.duplicates();
        if (request.filters().set().phash().isEmpty() || Files.exists(file)) return;
        var unfinished = scratch.resolve("duplicates.parquet");
        ShardFiles.make(scratch);
        try {
            metadata.writeDuplicates(plan.rows(), unfinished);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (SQLException e) {
            throw new UserError("duplicates cannot be found: " + DuckDb.reason(e), e);
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
    }

    private static void deleteIfEmpty(Path folder) {
        try {
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            LOG.debug("{} stays", folder, e);
        }
    }

    @Override
    public void close() {
        database.close();
        tidy(request, scratch);
    }

    /// Of a preparation that was only looked at nothing stays.
    private static void tidy(PrepareRequest request, Path scratch) {
        ShardFiles.delete(scratch);
        deleteIfEmpty(ShardFiles.work(request.out()));
        if (!Plan.isThere(request.out())) deleteIfEmpty(request.out());
    }
}
