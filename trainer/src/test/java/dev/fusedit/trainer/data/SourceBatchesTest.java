package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.text.ByteTokenizer;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.DataErrors;
import dev.fusedit.trainer.data.source.HeldOut;
import dev.fusedit.trainer.data.source.ImageFolder;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.source.Problem;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.data.source.SizeBuckets;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceBatchesTest {
    private static final Batches.Wanted SIX = new Batches.Wanted(0, 6, 16, 0, 0, 0);

    @TempDir
    private Path temp;
    private final List<Problem> told = new ArrayList<>();

    @BeforeEach
    void images() throws IOException {
        Files.createDirectories(temp.resolve("run"));
        Files.createDirectories(temp.resolve("set"));
        for (int i = 0; i < 12; i++) image(i, i);
    }

    private void image(int number, int look) throws IOException {
        var rgb = new byte[3 * 24 * 20];
        new Random(look).nextBytes(rgb);
        Files.write(temp.resolve("set/%02d.png".formatted(number)), new PngImage(24, 20, rgb).png());
        Files.writeString(temp.resolve("set/%02d.txt".formatted(number)), "number " + number);
    }

    private SourceBatches batches(int held, ImageTransform transform, long seed) {
        var source = ImageFolder.open(temp.resolve("set"));
        var rule = CaptionRule.firstOf(source.usualCaptions());
        var scan = SourceScan.of(source, rule, ImageDecoding.STRICT, 2, _ -> {});
        return new SourceBatches(HeldOut.of(scan, held, 0), rule, transform, ImmutableMap.of(),
                DataErrors.of(temp.resolve("run/errors.jsonl"), scan, 0.5, told::add), seed,
                new TextIds(new ByteTokenizer(), 32));
    }

    private SourceBatches batches() { return batches(0, new ImageTransform(ImageDecoding.STRICT, Filter.BILINEAR, false, 0), 1); }

    @Test
    void anEpochHasEachSampleOnceAndAnyStepIsMadeAlone() {
        try (var batches = batches(); var same = batches()) {
            var first = batches.of(0, SIX);
            var second = batches.of(1, SIX);
            var all = new HashSet<>(first.captions());
            all.addAll(second.captions());
            assertThat(all).hasSize(12);
            assertThat(same.of(1, SIX).images()).isEqualTo(second.images());
            assertThat(first.captionTokens()[0]).isEqualTo(new ByteTokenizer().encode(first.captions().getFirst()));
            assertThat(batches.of(2, SIX).keys()).as("another order").isNotEqualTo(first.keys());
        }
    }

    @Test
    void anArrayIsUsedAgainOnceItsBatchIsDoneWith() {
        var arrays = new PixelArrays();
        try (var batches = batches()) {
            var first = batches.of(0, SIX, arrays);
            var second = batches.of(1, SIX, arrays);
            assertThat(second.images()).as("nobody gave the first one back").isNotSameAs(first.images());
            arrays.giveBack(first);
            var third = batches.of(2, SIX, arrays);
            assertThat(third.images()).isSameAs(first.images()).isEqualTo(batches.of(2, SIX).images());
            arrays.giveBack(second);
            var larger = new Batches.Wanted(0, 6, 24, 0, 0, 0);
            assertThat(batches.of(0, larger, arrays).images()).isEqualTo(batches.of(0, larger).images());
            assertThat(batches.of(0, SIX, arrays).images()).as("the other size took its place").isNotSameAs(second.images());
        }
    }

    @Test
    void imagesAreMirroredByTheirShare() {
        try (var plain = batches(); var mirrored = batches(0, new ImageTransform(ImageDecoding.STRICT, Filter.BILINEAR, false, 1), 1)) {
            var one = new Batches.Wanted(0, 1, 20, 0, 0, 0);
            byte[] a = plain.of(0, one).images(), b = mirrored.of(0, one).images();
            assertThat(b).isNotEqualTo(a);
            for (int x = 0; x < 20; x++) assertThat(b[3 * (19 - x)]).isEqualTo(a[3 * x]);
        }
    }

    @Test
    void randomCropsAreAFunctionOfThePosition() {
        var anywhere = new ImageTransform(ImageDecoding.STRICT, Filter.BILINEAR, true, 0.5);
        try (var batches = batches(0, anywhere, 1); var same = batches(0, anywhere, 1); var other = batches(0, anywhere, 2)) {
            assertThat(same.of(5, SIX).images()).isEqualTo(batches.of(5, SIX).images());
            assertThat(other.of(5, SIX).images()).isNotEqualTo(batches.of(5, SIX).images());
        }
    }

    @Test
    void aSampleThatGoesBadIsWrittenDownAndReplaced() throws IOException {
        try (var batches = batches()) {
            Files.write(temp.resolve("set/03.png"), new byte[0]);
            Files.delete(temp.resolve("set/05.png"));
            var captions = new ArrayList<>(batches.of(0, SIX).captions());
            captions.addAll(batches.of(1, SIX).captions());
            assertThat(captions).hasSize(12).doesNotContain("number 3", "number 5");
            assertThat(told).extracting(Problem::sample).containsExactlyInAnyOrder("03.png", "05.png");
            assertThat(Files.readAllLines(temp.resolve("run/errors.jsonl"))).hasSize(2).allMatch(line -> line.contains("broken-image"));
        }
    }

    @Test
    void heldOutSamplesAreNeverTrainedOnNorWhatLooksLikeThem() throws IOException {
        image(12, 4); // looks like number 4
        try (var batches = batches(4, new ImageTransform(ImageDecoding.STRICT, Filter.BILINEAR, false, 0), 1)) {
            var held = batches.split().held().stream().map(SampleFacts::caption).collect(Collectors.toSet());
            assertThat(held).hasSizeBetween(4, 5);
            assertThat(held.contains("number 4")).isEqualTo(held.contains("number 12"));
            for (int step = 0; step < 6; step++) assertThat(batches.of(step, SIX).captions()).doesNotContainAnyElementsOf(held);
            var validation = batches.validation(9, 4);
            assertThat(held).containsAll(validation.captions());
            assertThat(validation.images(List.of(0, 1), ImageSize.square(16))).hasSize(2 * 3 * 16 * 16);
            assertThat(validation.sentenceTokens()[0]).endsWith(1);
        }
    }

    /// 12 images of 24 x 20 and 3 of 20 x 40.
    @Test
    void aBatchIsOfOneSizeAndABucketOfBadImagesIsReplaced() throws IOException {
        for (int i = 12; i < 15; i++) {
            Files.write(temp.resolve("set/%02d.png".formatted(i)), new PngImage(20, 40, new byte[3 * 20 * 40]).png());
            Files.writeString(temp.resolve("set/%02d.txt".formatted(i)), "number " + i);
        }
        var sizes = ImmutableList.of(new ImageSize(8, 16), new ImageSize(16, 16));
        var wanted = new Batches.Wanted(0, 4, sizes, 0, 0, 0);
        try (var plain = batches()) {
            var batches = new SourceBatches(plain.split(), plain.captions(), plain.transform(),
                    ImmutableMap.of(sizes, SizeBuckets.of(plain.split().trained(), sizes)), plain.errors(), 1, plain.texts());
            var seen = HashMultiset.<Long>create();
            for (int step = 0; step < 15; step++) {
                var batch = batches.of(step, wanted);
                assertThat(batch.images()).hasSize(4 * batch.size().bytes());
                assertThat(batch.keys()).allMatch(key -> key >= 12 == batch.size().equals(sizes.getFirst()));
                seen.addAll(batch.keys());
            }
            assertThat(seen.entrySet()).hasSize(15).allMatch(each -> each.getCount() == 4);
            for (int i = 12; i < 15; i++) Files.write(temp.resolve("set/%02d.png".formatted(i)), new byte[0]);
            for (int step = 0; step < 15; step++) assertThat(batches.of(step, wanted).keys()).allMatch(key -> key < 12);
            assertThat(told).hasSize(3);
        }
    }

    @Test
    void captionsAreDroppedAndSentencesMade() {
        try (var batches = batches()) {
            var dropped = batches.of(0, new Batches.Wanted(0, 6, 16, 0, 3, 0.999999));
            assertThat(dropped.captions()).containsOnly("");
            assertThat(dropped.sentenceTokens()).hasDimensions(3, dropped.sentenceTokens()[0].length);
            assertThat(new String(new byte[] {(byte) (dropped.sentenceTokens()[0][1] - 4)}, StandardCharsets.UTF_8)).isEqualTo("n");
        }
    }
}
