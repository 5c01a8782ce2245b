package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.FusedAdamW;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class AdamWTest {
    private static final FusedAdamW.Settings SETTINGS = new FusedAdamW.Settings(0.9, 0.999, 1e-8, 0.1);

    /// A step of 1e-4 is below bf16's resolution at 1: without a master the weight would never move.
    @Test
    void bf16WeightsLearnThroughTheirMasters() {
        var w = Tensor.ones(DType.BF16, 4).requiresGrad(true);
        try (var adam = new AdamW(Map.of("all", Map.of("w", w)), SETTINGS)) {
            for (int i = 0; i < 100; i++) {
                w.sum().backward();
                adam.step(Map.of("all", 1e-4), null);
            }
            assertThat(adam.groups().getFirst().tensors().getFirst().master().toFloats()[0]).isCloseTo(0.989f, within(2e-4f));
            assertThat(w.toFloats()[0]).isCloseTo(0.989f, within(4e-3f)).isLessThan(1);
            assertThat(w.grad()).isNull();
        }
    }

    @Test
    void aWeightWithoutGradientIsLeftAlone() {
        var w = Tensor.ones(DType.F32, 2).requiresGrad(true);
        var idle = Tensor.ones(DType.F32, 2).requiresGrad(true);
        try (var adam = new AdamW(Map.of("all", Map.of("w", w, "idle", idle)), SETTINGS)) {
            w.sum().backward();
            adam.step(Map.of("all", 0.1), null);
            assertThat(idle.toFloats()).containsOnly(1);
            assertThat(w.toFloats()[0]).isLessThan(1);
        }
    }

    @Test
    void groupsHaveRatesOfTheirOwnAndShareTheNorm() {
        var a = Tensor.zeros(DType.F32, 1).requiresGrad(true);
        var b = Tensor.zeros(DType.F32, 1).requiresGrad(true);
        try (var adam = new AdamW(Map.of("a", Map.of("a", a), "b", Map.of("b", b)), SETTINGS)) {
            a.mul(3).sum().add(b.mul(4).sum()).backward();
            var report = adam.step(Map.of("a", 0.1, "b", 0.01), 1.0);
            assertThat(report.gradientNorm()).isCloseTo(5, within(1e-6));
            assertThat(a.item()).isCloseTo(-0.1, within(1e-6));
            assertThat(b.item()).isCloseTo(-0.01, within(1e-6));
            assertThat(adam.groups().getFirst().tensors().getFirst().firstMoment().item()).as("clipped to norm 1").isBetween(0.0599,
                    0.0801);
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
