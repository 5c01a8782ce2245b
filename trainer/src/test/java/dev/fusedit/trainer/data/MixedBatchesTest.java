package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import dev.fusedit.fusion.text.ByteTokenizer;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.DataErrors;
import dev.fusedit.trainer.data.source.HeldOut;
import dev.fusedit.trainer.data.source.ImageFolder;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MixedBatchesTest {
    private static final TextIds TEXTS = new TextIds(new ByteTokenizer(), 32);

    @TempDir
    private Path temp;

    @BeforeEach
    void twoSets() throws IOException {
        for (int i = 0; i < 12; i++) image("a", i, i);
        for (int i = 0; i < 6; i++) image("b", i, 100 + i);
        image("b", 6, 3); // looks like number 3 of a
    }

    private void image(String set, int number, int look) throws IOException {
        Files.createDirectories(temp.resolve(set));
        var rgb = new byte[3 * 24 * 20];
        new Random(look).nextBytes(rgb);
        Files.write(temp.resolve(set + "/%02d.png".formatted(number)), new PngImage(24, 20, rgb).png());
        Files.writeString(temp.resolve(set + "/%02d.txt".formatted(number)), set + number);
    }

    private SourceScan scan(String set) {
        var source = ImageFolder.open(temp.resolve(set));
        return SourceScan.of(source, CaptionRule.usual(source), ImageDecoding.STRICT, 2, _ -> {});
    }

    private List<SourceBatches> own(int heldA, int heldB) {
        var scans = List.of(scan("a"), scan("b"));
        return HeldOut.of(scans, List.of(heldA, heldB), 0).stream().map(split -> new SourceBatches(split,
                CaptionRule.usual(split.source()), new ImageTransform(ImageDecoding.STRICT, Filter.BILINEAR, false, 0), ImmutableMap.of(),
                DataErrors.of(temp.resolve("errors.jsonl"), scans.getFirst(), 1, _ -> {}), 1, TEXTS)).toList();
    }

    /// 24 images an epoch: 12 of a, 8 of b, 4 drawn.
    private MixedBatches mixed() {
        var own = own(0, 0);
        var blocks = new BlocksBatches(1, BlocksMix.DEFAULT, 50, false, TEXTS);
        return MixedBatches.of(List.of(new MixedBatches.Part("a", own.get(0), 3, 12), new MixedBatches.Part("b", own.get(1), 2, 7),
                new MixedBatches.Part("shapes", blocks, 1, 50)), 24, 5, TEXTS);
    }

    @Test
    void anEpochHasEachSourceAsOftenAsItsWeightSays() {
        try (var mixed = mixed()) {
            assertThat(mixed.counts()).containsExactly(12L, 8L, 4L);
            for (int epoch = 0; epoch < 3; epoch++) {
                var captions = captions(mixed, 24 * epoch, 24);
                assertThat(captions.stream().filter(caption -> caption.matches("a\\d+"))).as("its own epoch, whole").hasSize(12)
                        .doesNotHaveDuplicates();
                assertThat(captions.stream().filter(caption -> caption.matches("b\\d+"))).hasSize(8);
            }
            var ofB = captions(mixed, 0, 3 * 24 * 7).stream().filter(caption -> caption.matches("b\\d+")).toList();
            assertThat(new HashSet<>(ofB)).hasSize(7);
            assertThat(ofB.stream().filter("b2"::equals)).as("each as often, over 7 images of b and 8 in an epoch").hasSize(3 * 8);
        }
    }

    private static List<String> captions(MixedBatches mixed, long first, int count) {
        return IntStream.range(0, count).mapToObj(i -> mixed.sample(first + i, ImageSize.square(32)).caption()).toList();
    }

    @Test
    void anyPositionIsMadeAlone() {
        try (var mixed = mixed(); var same = mixed()) {
            var wanted = new Batches.Wanted(0, 6, 32, 0, 4, 0);
            var all = new ArrayList<Batch>();
            for (int step = 0; step < 6; step++) all.add(mixed.of(step, wanted));
            for (int step = 5; step >= 0; step--) {
                assertThat(same.of(step, wanted).images()).isEqualTo(all.get(step).images());
                assertThat(same.of(step, wanted).captions()).isEqualTo(all.get(step).captions());
                assertThat(same.of(step, wanted).sentenceTokens()).isEqualTo(all.get(step).sentenceTokens());
            }
            assertThat(all.stream().flatMap(batch -> batch.keys().stream())).as("numbers go on from source to source")
                    .allMatch(key -> key >= 0 && key < 12 + 7 + 50).anyMatch(key -> key < 12).anyMatch(key -> key >= 19);
        }
    }

    @Test
    void whatLooksLikeAHeldOutImageIsHeldOutOfAllSources() {
        for (int count = 1; count <= 6; count++) {
            var own = own(count, count / 2);
            var held = own.stream().flatMap(each -> each.split().held().stream()).map(SampleFacts::caption).toList();
            assertThat(held.contains("a3")).isEqualTo(held.contains("b6"));
            assertThat(own.get(0).split().held().size() + own.get(0).split().trained().size()).isEqualTo(12);
            own.forEach(SourceBatches::close);
        }
    }

    @Test
    void validationIsOfEachSourceByItsWeight() {
        var own = own(4, 3);
        try (var mixed =
                MixedBatches.of(List.of(new MixedBatches.Part("a", own.get(0), 2, 12), new MixedBatches.Part("b", own.get(1), 1, 7)),
                        10, 1, TEXTS)) {
            var validation = mixed.validation(0, 6);
            assertThat(validation.captions().stream().map(caption -> caption.substring(0, 1))).containsExactly("a", "a", "a", "a", "b",
                    "b");
            assertThat(validation.captionTokens()).hasDimensions(6, validation.captionTokens()[0].length);
            var alone = own.get(1).validation(0, 2);
            assertThat(validation.images(List.of(4, 5), ImageSize.square(16))).isEqualTo(alone.images(List.of(0, 1), ImageSize.square(16)));
        }
    }
}
