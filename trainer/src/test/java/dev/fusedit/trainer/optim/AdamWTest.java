package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.Placement;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.FusedAdamW;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class AdamWTest {
    private static final FusedAdamW.Settings SETTINGS = new FusedAdamW.Settings(0.9, 0.999, 1e-8, 0.1);

    /// A step of 1e-4 is below bf16's resolution at 1: without a master the weight would never move.
    @Test
    void bf16WeightsLearnThroughTheirMasters() {
        try (var weights = Weights.fresh(Seed.of(1), Placement.MIXED)) {
            var w = weights.get("w", Init.ZEROS, 2, 2);
            weights.parameter("w").master().fillInPlace(1);
            weights.train(_ -> true);
            weights.refreshCopies();
            try (var adam = new AdamW(Map.of("all", weights.trainable()), SETTINGS)) {
                for (int i = 0; i < 100; i++) {
                    w.sum().backward();
                    adam.step(Map.of("all", 1e-4), null);
                    weights.clearGradients();
                    weights.refreshCopies();
                }
            }
            assertThat(w.dtype()).isEqualTo(DType.BF16);
            assertThat(weights.parameter("w").master().toFloats()[0]).isCloseTo(0.989f, within(2e-4f));
            assertThat(w.toFloats()[0]).isCloseTo(0.989f, within(4e-3f)).isLessThan(1);
        }
    }

    @Test
    void aParameterWithoutGradientIsLeftAlone() {
        try (var weights = Weights.fresh(Seed.of(1), Placement.F32)) {
            var w = weights.get("w", Init.normal(1), 2);
            var idle = weights.get("idle", Init.normal(1), 2);
            var before = idle.toFloats();
            weights.train(_ -> true);
            try (var adam = new AdamW(Map.of("all", weights.trainable()), SETTINGS)) {
                w.sum().backward();
                adam.step(Map.of("all", 0.1), null);
            }
            assertThat(idle.toFloats()).containsExactly(before);
        }
    }

    @Test
    void groupsHaveRatesOfTheirOwnAndShareTheNorm() {
        try (var weights = Weights.fresh(Seed.of(1), Placement.F32)) {
            var a = weights.get("a", Init.ZEROS, 1);
            var b = weights.get("b", Init.ZEROS, 1);
            weights.train(_ -> true);
            var groups = Map.of("a", List.of(weights.parameter("a")), "b", List.of(weights.parameter("b")));
            try (var adam = new AdamW(groups, SETTINGS)) {
                a.mul(3).sum().add(b.mul(4).sum()).backward();
                var report = adam.step(Map.of("a", 0.1, "b", 0.01), 1.0);
                assertThat(report.gradientNorm()).isCloseTo(5, within(1e-6));
                assertThat(a.item()).isCloseTo(-0.1, within(1e-6));
                assertThat(b.item()).isCloseTo(-0.01, within(1e-6));
                var moments = adam.groups().stream().mapToDouble(group -> group.parameters().getFirst().firstMoment().item()).sum();
                assertThat(moments).as("a tenth of the gradient clipped to norm 1: 0.06 + 0.08").isCloseTo(0.14, within(1e-6));
            }
        }
    }

    @Test
    void movingAverageWarmsUp() {
        var w = Tensor.zeros(DType.F32, 1);
        try (var warm = new MovingAverage(Map.of("w", w), true); var constant = new MovingAverage(Map.of("w", w), false)) {
            w.fillInPlace(1);
            warm.update(Map.of("w", w), 0.99);
            constant.update(Map.of("w", w), 0.99);
            assertThat(constant.averages().get("w").item()).isCloseTo(0.01, within(1e-6));
            assertThat(warm.averages().get("w").item()).isCloseTo(1 - 2.0 / 11, within(1e-6));
        }
    }
}
