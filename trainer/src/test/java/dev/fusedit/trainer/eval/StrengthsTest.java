package dev.fusedit.trainer.eval;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import dev.fusedit.trainer.eval.metrics.Share;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StrengthsTest {
    private static final Share NONE = new Share(0, 0);

    private static Strengths of(int... accepted) {
        var kinds = ImmutableMap.<Kind, Share>builder();
        for (int i = 0; i < accepted.length; i++) kinds.put(Kind.values()[i], new Share(accepted[i], 48));
        return Strengths.of(Map.of("seen", new BlocksScore(kinds.buildOrThrow(), ImmutableMap.of(), NONE, NONE)));
    }

    @Test
    void theBestKindIsShownAndTheWeakOnesAreNamed() {
        var found = of(5, 0, 2, 33, 0, 1);
        assertThat(found.best().example()).isEqualTo("a red thing");
        assertThat(found.sentence()).isEqualTo("It is best at \"a red thing\": 0.69 of such captions come true. "
                + "Hardly ever yet (below 0.1): two, counting, position, attribution");
    }

    @Test
    void anotherModelHasOtherStrengths() {
        assertThat(of(48, 47, 46, 45, 44, 43).sentence()).isEqualTo("It is best at \"a circle\": 1.00 of such captions come true");
    }

    @Test
    void whereNothingComesTrueTheEasiestIsShown() {
        assertThat(of(0, 0, 0, 0, 0, 0).best()).isEqualTo(Kind.COLORS);
        assertThat(of(0, 0).sentence()).contains("No caption came true yet");
    }
}
