package dev.fusedit.trainer.data.prepare;

import dev.fusedit.trainer.data.table.DuckDb;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Makes one shard: its rows are read, each is decided on by a thread of its own, and what came of it is written in the rows' order, whatever
/// was there first.
///
/// @param language a code, or empty for any
/// @param archives by their names
/// @param rowsDone is told of rows as they are decided on, by any thread
record ShardJob(Metadata metadata, Plan plan, RowJob rowJob, String language, Map<String, Path> archives, Path out, LongConsumer rowsDone) {
    /// @return false if another process is at it
    boolean run(int shard) throws InterruptedException {
        var files = new ShardFiles(out, plan.shardName(shard));
        try (var lock = ShardLock.take(files).orElse(null)) {
            if (lock == null) return false;
            if (!files.isDone()) make(shard, files);
            return true;
        } catch (IOException e) {
            throw WriteFailure.of(out, e);
        }
    }

    private void make(int shard, ShardFiles files) throws IOException, InterruptedException {
        var rows = metadata.rows(plan.firstRow(shard), plan.endRow(shard));
        var places = rows.stream().filter(row -> row.cause().isEmpty()).flatMap(row -> row.place().stream()).toList();
        try (var spool = new ShardSpool(files.unfinished("spool"));
                var open = OpenArchives.of(places, archives, files.unfinished("images"))) {
            var decisions = decisions(rows, open, spool);
            var lines = new ArrayList<ShardTable.Line>();
            for (int i = 0; i < rows.size(); i++) {
                lines.add(new ShardTable.Line(rows.get(i).number(), plan.key(shard, rows.get(i).number()), decisions.get(i)));
            }
            writeTar(rows, lines, spool, files);
            Files.deleteIfExists(files.unfinished("parquet"));
            ShardTable.write(metadata, plan.firstRow(shard), plan.endRow(shard), lines, files.unfinished("parquet"));
            files.publish(Tally.of(decisions), byStatus(decisions));
        } catch (SQLException e) {
            throw new UserError("%s cannot be written: %s".formatted(files.table(), DuckDb.reason(e)), e);
        }
    }

    private List<Decision> decisions(List<MetadataRow> rows, OpenArchives open, ShardSpool spool) throws IOException, InterruptedException {
        var check = language.isEmpty() ? Optional.<LanguageCheck>empty() : Optional.of(LanguageCheck.of(language));
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        try {
            var results = new ArrayList<Future<Decision>>();
            for (var row : rows) {
                var other = row.cause().isPresent() ? Optional.<String>empty() : check.flatMap(each -> each.otherThanWanted(row.caption()));
                results.add(threads.submit(() -> {
                    var decision = other.isPresent() && !rowJob.forgotten().hasUrl(row.url())
                            ? Decision.leftOut(RowCause.LANGUAGE, "is " + other.get())
                            : rowJob.decide(row, open, spool);
                    rowsDone.accept(1);
                    return decision;
                }));
            }
            var decisions = new ArrayList<Decision>();
            for (var result : results) decisions.add(result.get());
            return decisions;
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case RuntimeException bug -> throw bug;
                case Error bug -> throw bug;
                default -> throw new IllegalStateException(e.getCause());
            }
        } finally {
            threads.shutdownNow();
            threads.close();
        }
    }

    private void writeTar(List<MetadataRow> rows, List<ShardTable.Line> lines, ShardSpool spool, ShardFiles files)
            throws IOException {
        try (var tar = ShardTar.create(files.unfinished("tar"))) {
            for (int i = 0; i < rows.size(); i++) {
                switch (lines.get(i).decision()) {
                    case Decision.Kept kept ->
                            tar.add(lines.get(i).key(), spool.read(kept.jpeg()), facts(rows.get(i), lines.get(i).key(), kept),
                                    rows.get(i).caption(), otherCaptions(rows.get(i)));
                    case Decision.LeftOut _ -> {}
                }
            }
        }
    }

    private Map<String, String> otherCaptions(MetadataRow row) {
        var texts = new LinkedHashMap<String, String>();
        for (var column : metadata.filters().set().otherCaptions()) {
            var text = row.extras().get(column);
            if (text != null) texts.put(column, text.toString());
        }
        return texts;
    }

    /// What img2dataset writes beside an image.
    private static Map<String, @Nullable Object> facts(MetadataRow row, String key, Decision.Kept kept) {
        var facts = new LinkedHashMap<String, @Nullable Object>();
        facts.put("caption", row.caption());
        facts.put("url", row.url());
        facts.put("key", key);
        facts.put("status", kept.status());
        facts.put("error_message", null);
        facts.put("width", kept.size().width());
        facts.put("height", kept.size().height());
        facts.put("original_width", kept.original().width());
        facts.put("original_height", kept.original().height());
        facts.put("sha256", kept.sha256());
        facts.put("phash", kept.phash());
        row.extras().forEach(facts::putIfAbsent);
        return facts;
    }

    private static Map<String, Long> byStatus(List<Decision> decisions) {
        var counts = new TreeMap<String, Long>();
        decisions.forEach(decision -> counts.merge(decision.status(), 1L, Long::sum));
        return counts;
    }
}
