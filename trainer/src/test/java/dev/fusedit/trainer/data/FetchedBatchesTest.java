package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.text.ByteTokenizer;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import dev.fusedit.trainer.data.shards.HttpPatience;
import dev.fusedit.trainer.data.shards.ShardFiles;
import dev.fusedit.trainer.data.shards.ShardServer;
import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.DataErrors;
import dev.fusedit.trainer.data.source.HeldOut;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.data.source.TarShards;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Batches from a set that is larger than the cache of its shards.
class FetchedBatchesTest {
    private static final int SHARDS = 48, SAMPLES = 2;
    private static final Batches.Wanted FOUR = new Batches.Wanted(0, 4, 16, 0, 0, 0);

    private ShardServer server;
    private long shardBytes;

    @TempDir
    private Path temp;

    @BeforeEach
    void shards() throws IOException {
        server = new ShardServer();
        for (int shard = 0; shard < SHARDS; shard++) {
            var names = new String[2 * SAMPLES];
            var contents = new byte[2 * SAMPLES][];
            for (int i = 0; i < SAMPLES; i++) {
                int sample = shard * SAMPLES + i;
                var rgb = new byte[3 * 20 * 20];
                new Random(sample).nextBytes(rgb);
                names[2 * i] = "%03d.png".formatted(sample);
                contents[2 * i] = new PngImage(20, 20, rgb).png();
                names[2 * i + 1] = "%03d.txt".formatted(sample);
                contents[2 * i + 1] = ("number " + sample).getBytes(StandardCharsets.UTF_8);
            }
            var tar = ShardFiles.tar(names, contents);
            shardBytes = tar.length;
            Files.write(temp.resolve("%02d.tar".formatted(shard)), tar);
            server.with("/%02d.tar".formatted(shard), ShardServer.file(tar, "\"" + shard + "\""));
        }
    }

    @AfterEach
    void close() throws IOException { server.close(); }

    private SourceBatches batches(String where, String run, long limit) throws IOException {
        var settings = new ShardSettings(temp.resolve("cache/shards"), limit,
                new HttpPatience(3, Duration.ofSeconds(20), Duration.ofMillis(1)), Pipes.REFUSED, _ -> {});
        var source = TarShards.open(List.of(where + "/{00..47}.tar"), "png", SAMPLES, settings);
        var rule = CaptionRule.usual(source);
        var scan = SourceScan.of(source, rule, ImageDecoding.STRICT, 2, _ -> {});
        return new SourceBatches(HeldOut.of(scan, 0, 0), rule, new ImageTransform(ImageDecoding.STRICT, Filter.BILINEAR, true, 0.5),
                ImmutableMap.of(),
                DataErrors.of(Files.createDirectories(temp.resolve(run)).resolve("errors.jsonl"), scan, 0.5, _ -> {}), 7,
                new TextIds(new ByteTokenizer(), 32));
    }

    @Test
    void shardsAreFetchedBeforeTheirTurnAndTheBatchesAreTheSame() throws IOException {
        int steps = SHARDS * SAMPLES / 4;
        try (var plain = batches(temp.toString(), "plain", 1 << 24); var fetched = batches(server.url(""), "fetched", 36 * shardBytes)) {
            long before = server.downloads();
            var seen = new HashSet<String>();
            for (int step = 0; step < 2 * steps; step++) {
                var expected = plain.of(step, FOUR);
                var batch = fetched.of(step, FOUR);
                assertThat(batch.images()).isEqualTo(expected.images());
                assertThat(batch.captions()).isEqualTo(expected.captions());
                if (step < steps) seen.addAll(batch.captions());
            }
            assertThat(seen).hasSize(SHARDS * SAMPLES);
            assertThat(server.downloads() - before).as("at most about once in an epoch, not for each sample")
                    .isLessThanOrEqualTo(3L * SHARDS);
        }
    }
}
