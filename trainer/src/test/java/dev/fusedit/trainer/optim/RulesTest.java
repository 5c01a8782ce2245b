package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.recipe.GradientSpikes;
import dev.fusedit.trainer.recipe.Stop;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// The loss scale, huge gradients, and when a stage ends early.
@ExtendWith(NoTensorLeaks.class)
class RulesTest {
    @Test
    void aBadStepHalvesTheScaleAndTwoThousandGoodOnesDoubleIt() {
        var scale = LossScale.FIRST.afterGood().afterBad();
        assertThat(scale).isEqualTo(new LossScale(32_768, 0, 1));
        for (int i = 0; i < 1999; i++) {
            scale = scale.afterGood();
        }
        assertThat(scale.factor()).isEqualTo(32_768);
        assertThat(scale.afterGood()).isEqualTo(new LossScale(65_536, 0, 0));
        assertThat(scale.afterBad().afterGood()).as("the count begins anew").isEqualTo(new LossScale(16_384, 1, 0));
    }

    @Test
    void twentyBadStepsInARowAreHopeless() {
        var scale = LossScale.FIRST;
        for (int i = 0; i < 19; i++) {
            scale = scale.afterBad();
        }
        assertThat(scale.isHopeless()).isFalse();
        assertThat(scale.afterBad().isHopeless()).isTrue();
        assertThat(scale.afterGood().afterBad().isHopeless()).isFalse();
    }

    private static double factor(GradientSpikeGuard guard, double norm) {
        try (var _ = TensorScope.open()) {
            double factor = guard.factor(Tensor.full(norm, DType.F64)).item();
            guard.saw(norm);
            return factor;
        }
    }

    @Test
    void aGradientSpikeIsSkippedOrShrunkToTheMedian() {
        for (var action : GradientSpikes.Action.values()) {
            var spikeGuard = new GradientSpikeGuard(new GradientSpikes(5, 4, action), List.of());
            assertThat(List.of(factor(spikeGuard, 1), factor(spikeGuard, 100), factor(spikeGuard, 2), factor(spikeGuard, 3)))
                    .as("the window fills")
                    .containsOnly(1.0);
            assertThat(factor(spikeGuard, 12)).as("the median of 1, 100, 2, 3 is 2.5").isEqualTo(1);
            double huge = factor(spikeGuard, 50); // 100, 2, 3, 12: 7.5
            assertThat(huge).isCloseTo(action == GradientSpikes.Action.SKIP ? 0 : 7.5 / 50, within(1e-12));
            assertThat(spikeGuard.norms()).containsExactly(2.0, 3.0, 12.0, 50.0);
        }
    }

    @Test
    void largeNormsBecomeTheUsualOnes() {
        var spikeGuard = new GradientSpikeGuard(new GradientSpikes(10, 4, GradientSpikes.Action.SKIP), List.of(1.0, 1.0, 1.0, 1.0));
        assertThat(List.of(factor(spikeGuard, 1000), factor(spikeGuard, 1000), factor(spikeGuard, 1000))).containsExactly(0.0, 0.0, 1.0);
    }

    @Test
    void aStageEndsWhenItsMeanLossIsLowEnough() {
        var rule = new StopRule(new Stop(1.0, null, 3, 0.001), StopRule.State.NOTHING);
        for (double loss : new double[] {0.1, 0.1}) {
            rule.saw(loss);
            assertThat(rule.isMet()).as("the window is not full").isFalse();
        }
        rule.saw(5);
        assertThat(rule.isMet()).isFalse();
        rule.saw(0.5);
        rule.saw(0.5);
        assertThat(rule.isMet()).isFalse();
        rule.saw(0.5);
        assertThat(rule.isMet()).isTrue();
    }

    @Test
    void aStageEndsWhenItLearnsNoMore() {
        var stop = new Stop(null, 2, 1, 0.1);
        var rule = new StopRule(stop, StopRule.State.NOTHING);
        rule.saw(10);
        rule.saw(8);
        rule.saw(7.9);
        assertThat(rule.isMet()).as("one step without an improvement of 10 %").isFalse();
        var resumed = new StopRule(stop, rule.state());
        resumed.saw(7.5);
        assertThat(resumed.isMet()).as("two").isTrue();
        rule.saw(7);
        assertThat(rule.isMet()).isFalse();
    }
}
