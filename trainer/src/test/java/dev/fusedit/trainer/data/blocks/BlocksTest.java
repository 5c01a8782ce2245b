package dev.fusedit.trainer.data.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BlocksTest {
    private static final int MANY = 100_000;

    @Test
    void aSampleIsAFunctionOfSeedAndIndex() {
        var once = Blocks.sample(3, 12_345, Split.TRAIN);
        Blocks.sample(3, 1, Split.TRAIN);
        var again = Blocks.sample(3, 12_345, Split.TRAIN);
        assertThat(again.rgb()).isEqualTo(once.rgb());
        assertThat(again.caption()).isEqualTo(once.caption());
        assertThat(Blocks.sample(4, 12_345, Split.TRAIN).rgb()).isNotEqualTo(once.rgb());
    }

    /// It must never change, or saved runs would resume on other data.
    @Test
    void knownSamplesStayAsTheyAre() {
        var bytes = Hashing.sha256().newHasher();
        for (long i = 0; i < 100; i++) {
            var sample = Blocks.sample(42, i, Split.TRAIN);
            bytes.putBytes(sample.rgb()).putString(sample.caption().text(), StandardCharsets.UTF_8);
        }
        assertThat(bytes.hash().toString()).isEqualTo("82ba20f056635d5bdf29934b69f7be4437076b7c02dde8d66f7bbf9cd04c3653");
    }

    @Test
    void theDocumentPrintsTheseNumbers() {
        var dice = new Dice(42, 1, 0);
        assertThat(dice.bits()).isEqualTo(0x15f4163333581662L);
        assertThat(dice.bits()).isEqualTo(0x3e8555678fabef86L);
        var captions = new String[] {"a green square", "just a blue thing that is a square on a dark ground", "a yellow triangle",
            "the picture shows a purple cross below a yellow square"};
        var sums = new String[] {"3107d510", "77b800b5", "657bf71e", "d414a203"};
        for (int i = 0; i < captions.length; i++) {
            var sample = Blocks.sample(42, i, Split.TRAIN);
            assertThat(sample.caption().text()).isEqualTo(captions[i]);
            assertThat(HexFormat.of().toHexDigits((int) Hashing.crc32().hashBytes(sample.rgb()).padToLong())).isEqualTo(sums[i]);
        }
    }

    @Test
    void objectsKeepTheirDistancesAndSizes() {
        for (long i = 0; i < 20_000; i++) {
            var scene = Blocks.sample(5, i, Split.TRAIN).scene();
            int n = scene.objects().size();
            int low = 16 * (n == 1 ? 10 : n == 2 ? 9 : 8);
            int high = 16 * (n == 1 ? 18 : n == 2 ? 13 : 10);
            for (var one : scene.objects()) {
                assertThat(one.diameter()).isBetween(low, high);
                assertThat(2 * Math.min(one.x(), one.y())).isGreaterThanOrEqualTo(one.diameter() + 64);
                assertThat(2 * Math.max(one.x(), one.y())).isLessThanOrEqualTo(2 * 512 - one.diameter() - 64);
                for (var other : scene.objects())
                    if (one != other)
                        assertThat(2 * Math.max(Math.abs(one.x() - other.x()), Math.abs(one.y() - other.y())))
                                .isGreaterThanOrEqualTo(one.diameter() + other.diameter() + 64);
            }
        }
    }

    @Test
    void heldOutPairsAreFourAndShareNothing() {
        assertThat(HeldOut.PAIRS).hasSize(4);
        assertThat(HeldOut.PAIRS.stream().map(Thing::color).distinct()).hasSize(4);
        assertThat(HeldOut.PAIRS.stream().map(Thing::shape).distinct()).hasSize(4);
        assertThat(HeldOut.SEEN).hasSize(20).doesNotContainAnyElementsOf(HeldOut.PAIRS);
    }

    @Test
    void trainingNeverShowsOrNamesAHeldOutPairNorAScorePromptNorATextOnlyWord() {
        var shown = new HashSet<Thing>();
        var captions = new HashSet<String>();
        var meanings = new HashSet<Claim>();
        for (long i = 0; i < MANY; i++) {
            var sample = Blocks.sample(42, i, Split.TRAIN);
            sample.scene().objects().forEach(block -> shown.add(Thing.of(block.color(), block.shape())));
            sample.caption().claim().things().forEach(thing -> assertThat(thing.isHeldOut()).isFalse());
            captions.add(sample.caption().text());
            meanings.add(sample.caption().claim());
        }
        assertThat(shown).containsExactlyInAnyOrderElementsOf(HeldOut.SEEN);
        for (var split : new Split[] {Split.SEEN, Split.HELDOUT, Split.PARAPHRASE})
            for (var prompt : BlocksPrompts.of(split)) assertThat(captions).doesNotContain(prompt.text());
        for (var prompt : BlocksPrompts.of(Split.SEEN))
            switch (prompt.kind()) {
            case COUNTING, POSITION, ATTRIBUTION -> assertThat(meanings).doesNotContain(prompt.claim());
            case SINGLE, COLORS, TWO -> assertThat(meanings).contains(prompt.claim());
            }
        var words = captions.stream().flatMap(Splitter.on(' ')::splitToStream).collect(Collectors.toSet());
        assertThat(words).doesNotContainAnyElementsOf(Words.TEXT_ONLY);
    }

    /// Were there only ten million scenes, 200,000 draws would meet themselves 2,000 times.
    @Test
    void scenesAreManyMoreThanTenMillion() {
        var seen = new HashSet<Long>();
        long meetings = LongStream.range(0, 200_000).filter(i -> {
            var dice = new Dice(11, Split.TRAIN.purpose(), i);
            var caption = Captions.draw(dice, BlocksMix.DEFAULT.draw(dice), Split.TRAIN, 50);
            return !seen.add(Hashing.murmur3_128().hashUnencodedChars(Placing.scene(caption.claim(), dice).toString()).asLong());
        }).count();
        assertThat(meetings).isLessThan(20);
    }
}
