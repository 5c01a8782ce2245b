package dev.fusedit.trainer.eval.blocks.selfcheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.blocks.Drawing;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.eval.blocks.BlocksChecker;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Blocks drawn larger, and judged.
class ResolutionTest {
    private static final int PER_KIND = 150;

    /// What `SelfCheck` promises of 32 pixels.
    @ParameterizedTest
    @ValueSource(ints = {64, 96, 256})
    void trueCaptionsPassAndFalseOnesFailAsAtThirtyTwo(int side) {
        var trueOnes = new Ratio();
        var falseOnes = new Ratio();
        var images = new Ratio();
        for (var kind : Kind.values())
            for (int i = 0; i < PER_KIND; i++) {
                var dice = new Dice(5, 64 + kind.ordinal(), i);
                var sample = Blocks.sample(5, i, Split.TRAIN, BlocksMix.only(kind), side);
                var claim = sample.caption().claim();
                var sight = BlocksChecker.look(sample.rgb());
                trueOnes.add(BlocksChecker.judge(claim, sight).accepted());
                for (var change : Change.values())
                    for (var falseClaim : FalseClaims.of(claim, change, dice))
                        falseOnes.add(!BlocksChecker.judge(falseClaim, sight).accepted());
                var scene = FalseImages.of(claim, sample.scene(), Change.values()[i % Change.values().length], dice);
                if (scene != null) images.add(!BlocksChecker.judge(claim, Drawing.draw(scene, side)).accepted());
            }
        assertThat(trueOnes.rate()).as("true captions accepted").isGreaterThanOrEqualTo(0.995);
        assertThat(falseOnes.rate()).as("false captions rejected").isGreaterThanOrEqualTo(0.995);
        assertThat(images.rate()).as("false pictures rejected").isGreaterThanOrEqualTo(0.995);
    }

    /// The mean over each area is what 32 pixels show, but for sample points and rounding.
    @Test
    void aLargerImageIsTheSameScene() {
        for (int i = 0; i < 50; i++) {
            var small = Blocks.sample(6, i, Split.TRAIN).rgb();
            var large = Blocks.sample(6, i, Split.TRAIN, BlocksMix.DEFAULT, 128).rgb();
            var sums = new double[small.length];
            for (int b = 0; b < large.length; b++) sums[(b / 3 / 128 / 4 * 32 + b / 3 % 128 / 4) * 3 + b % 3] += (large[b] & 255) / 16.0;
            for (int b = 0; b < small.length; b++) assertThat(Math.abs(sums[b] - (small[b] & 255))).isLessThan(24);
        }
    }

    /// An enlarged image has flat squares of pixels; a sharper one has outlines that cross them.
    @Test
    void aLargerImageIsSharper() {
        int uneven = 0;
        int mixed = 0;
        for (int i = 0; i < 50; i++) {
            var large = Blocks.sample(6, i, Split.TRAIN, BlocksMix.DEFAULT, 64).rgb();
            for (int y = 0; y < 64; y += 2)
                for (int x = 0; x < 64; x += 2) {
                    int a = large[(y * 64 + x) * 3 + 1], b = large[((y + 1) * 64 + x + 1) * 3 + 1];
                    int c = large[(y * 64 + x + 1) * 3 + 1], d = large[((y + 1) * 64 + x) * 3 + 1];
                    if (a != b || c != d) uneven++;
                    mixed++;
                }
        }
        assertThat((double) uneven / mixed).isGreaterThan(0.02);
    }

    @Test
    void sizesThatAreNoMultipleOfTheGridAreRefused() {
        var scene = Blocks.sample(6, 1, Split.TRAIN).scene();
        assertThatThrownBy(() -> Drawing.draw(scene, 48)).hasMessageContaining("multiple of 32").hasMessageContaining("48");
        assertThatThrownBy(() -> BlocksChecker.look(new byte[48 * 48 * 3])).hasMessageContaining("32");
        assertThat(Arrays.equals(Drawing.draw(scene), Drawing.draw(scene, 32))).isTrue();
    }
}
