package dev.fusedit.trainer.eval.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.eval.blocks.Verdict.Parts;
import org.junit.jupiter.api.Test;

class BlocksScoreTest {
    /// Values of statsmodels' proportion_confint(method="wilson").
    @Test
    void intervalsAreWilsons() {
        assertThat(new Share(0, 48).low()).isEqualTo(0);
        assertThat(new Share(0, 48).high()).isCloseTo(0.0741, within(1e-4));
        assertThat(new Share(24, 48).low()).isCloseTo(0.3639, within(1e-4));
        assertThat(new Share(24, 48).high()).isCloseTo(0.6361, within(1e-4));
    }

    @Test
    void jsonHasTheKindsTheirMeanAndTheAttributes() {
        var tally = new BlocksScore.Tally();
        for (var kind : Kind.values()) {
            tally.add(kind, new Verdict(kind == Kind.COLORS, new Parts(0.5, null, 1, null)));
            tally.add(kind, new Verdict(false, new Parts(1.0, 0.0, 0, null)));
        }
        var json = tally.score().toJson();
        assertThat(json.get("colors").asDouble()).isEqualTo(0.5);
        assertThat(json.get("single").asDouble()).isEqualTo(0);
        assertThat(json.get("mean").asDouble()).isCloseTo(0.0833, within(1e-4));
        assertThat(json.get("n").asInt()).isEqualTo(12);
        assertThat(json.get("attributes").get("color").asDouble()).isEqualTo(0.75);
        assertThat(json.get("attributes").get("shape").asDouble()).isEqualTo(0);
        assertThat(json.get("attributes").get("count").asDouble()).isEqualTo(0.5);
        assertThat(json.get("attributes").get("place").asDouble()).isEqualTo(0);
        assertThat(json.get("intervals").get("colors")).hasSize(2);
    }

    @Test
    void imagesDrawnForEachSetScoreOne() {
        for (var split : new Split[] {Split.SEEN, Split.HELDOUT, Split.PARAPHRASE}) {
            var tally = new BlocksScore.Tally();
            for (long i = 0; i < 300; i++) {
                var sample = Blocks.sample(8, i, split);
                tally.add(sample.caption().kind(), BlocksChecker.judge(sample.caption().claim(), sample.rgb()));
            }
            assertThat(tally.score().mean()).as("%s", split).isGreaterThan(0.99);
            assertThat(tally.score().attributes()).allSatisfy((name, part) -> assertThat(part).as(name).isGreaterThan(0.99));
        }
        assertThat(BlocksPrompts.of(Split.SEEN)).hasSize(288);
    }
}
