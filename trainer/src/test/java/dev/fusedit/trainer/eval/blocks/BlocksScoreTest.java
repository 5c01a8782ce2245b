package dev.fusedit.trainer.eval.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.trainer.data.blocks.BlockShape;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Claim;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.data.blocks.Thing;
import dev.fusedit.trainer.eval.blocks.Verdict.Parts;
import dev.fusedit.trainer.eval.blocks.Verdict.Shapes;
import dev.fusedit.trainer.eval.metrics.Share;
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
            tally.add(kind, new Verdict(kind == Kind.COLORS, new Parts(0.5, null, 1, null), Shapes.NONE));
            tally.add(kind, new Verdict(false, new Parts(1.0, 0.0, 0, null), new Shapes(2, 1, 1)));
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
        assertThat(json.at("/shapes/whole").asDouble()).as("of two outlines that were asked for one is whole").isEqualTo(0.5);
        assertThat(json.at("/shapes/right_if_whole").asDouble()).isEqualTo(1);
        assertThat(json.at("/shapes/intervals/whole")).hasSize(2);
    }

    /// A cross where a circle was meant is whole and not right; half of an outline is neither.
    @Test
    void anotherShapeIsWholeAndNotRight() {
        for (long i = 0; i < 40; i++) {
            var sample = Blocks.sample(9, i, Split.SEEN, BlocksMix.only(Kind.SINGLE));
            var shown = sample.scene().objects().getFirst().shape();
            var other = BlockShape.values()[(shown.ordinal() + 1) % BlockShape.values().length];
            var verdict = BlocksChecker.judge(new Claim.Single(Thing.of(other)), sample.rgb());
            assertThat(verdict.shapes()).isEqualTo(new Shapes(1, 1, 0));
            assertThat(BlocksChecker.judge(new Claim.Single(Thing.of(shown)), sample.rgb()).shapes()).isEqualTo(new Shapes(1, 1, 1));
        }
        assertThat(BlocksChecker.judge(new Claim.Single(Thing.of(BlockShape.CIRCLE)), new byte[32 * 32 * 3]).shapes())
                .isEqualTo(new Shapes(1, 0, 0));
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
            assertThat(tally.score().whole().rate()).isGreaterThan(0.99);
            assertThat(tally.score().rightIfWhole().rate()).isGreaterThan(0.99);
            assertThat(tally.score().attributes()).allSatisfy((name, part) -> assertThat(part).as(name).isGreaterThan(0.99));
        }
        assertThat(BlocksPrompts.of(Split.SEEN)).hasSize(288);
    }
}
