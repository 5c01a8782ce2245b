package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import dev.fusedit.fusion.text.ByteTokenizer;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.DataErrors;
import dev.fusedit.trainer.data.source.HeldOut;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.data.source.TarShards;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Over the shards of goldens/webdataset: ten samples, of which one is broken, one lacks the original caption and one the synthetic one.
class ReferenceBatchesTest {
    private static final List<String> CAPTIONS = List.of("original_caption.txt", "synthetic_caption.txt");
    private static final int BATCH = 4;

    @TempDir
    private Path temp;

    private ReferenceBatches batches(double originalRate, boolean random) {
        var shards = TarShards.open(List.of("src/test/resources/goldens/webdataset/shard-{000..002}.tar"), "image.jpg", TarShards.BLOCK,
                ShardSettings.ofUser(ShardSettings.Pipes.REFUSED, _ -> {}));
        var scan = SourceScan.of(shards, CaptionRule.firstOf(CAPTIONS), ImageDecoding.REFERENCE, 2, _ -> {});
        var images = new SourceBatches(HeldOut.of(scan, 0, 0), CaptionRule.firstOf(CAPTIONS),
                new ImageTransform(ImageDecoding.REFERENCE, Filter.BILINEAR, random, 0), ImmutableMap.of(),
                DataErrors.of(temp.resolve("errors.jsonl"), scan, 0.5, _ -> {}), 42,
                new TextIds(new ByteTokenizer(), 64));
        return ReferenceBatches.of(images, shards, CAPTIONS, originalRate, 16, BATCH, 2);
    }

    @Test
    void batchesAreThoseOfTheOrderWithCaptionsAsTheyAreWritten() {
        try (var batches = batches(0.3, false)) {
            var seen = new HashSet<String>();
            for (int step = 0; step < 40; step++) {
                var batch = batches.of(step, new Batches.Wanted(0, BATCH, 16, 0, 0, 0.2));
                for (int i = 0; i < BATCH; i++) {
                    var turn = batches.order().at((long) step * BATCH + i);
                    assertThat(batch.keys().get(i)).isEqualTo(turn.index());
                    assertThat(batch.captions().get(i).isEmpty()).isEqualTo(turn.isDropped(0.2));
                    seen.add(batch.captions().get(i));
                }
            }
            assertThat(seen).contains("", "synthetic caption 000000 — 猫\n", "original caption 000000", "original caption 000011")
                    .doesNotContain("original caption 000010");
        }
    }

    @Test
    void anyStepIsMadeAloneAndCropsAreTheOrders() {
        var wanted = new Batches.Wanted(0, BATCH, 16, 0, 0, 0);
        try (var batches = batches(0, true); var other = batches(0, true); var centred = batches(0, false)) {
            var before = batches.of(7, wanted);
            for (int step = 0; step < 7; step++) other.of(step, wanted);
            assertThat(other.of(7, wanted).images()).isEqualTo(before.images());
            assertThat(centred.of(7, wanted).keys()).isEqualTo(before.keys());
            assertThat(centred.of(7, wanted).images()).isNotEqualTo(before.images());
        }
    }
}
