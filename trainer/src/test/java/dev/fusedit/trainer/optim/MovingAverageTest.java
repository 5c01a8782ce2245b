package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.Placement;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.recipe.Ema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class MovingAverageTest {
    @Test
    void theDecayMayWarmUp() {
        try (var weights = Weights.fresh(Seed.of(1), Placement.F32); var warm = new MovingAverage(); var constant = new MovingAverage()) {
            weights.get("w", Init.ZEROS, 1);
            warm.include(weights.all().toList());
            constant.include(weights.all().toList());
            weights.parameter("w").master().fillInPlace(1);
            warm.update(weights.all().toList(), new Ema(0.99, 1, true));
            constant.update(weights.all().toList(), new Ema(0.99, 1, false));
            assertThat(constant.averages().get("w").item()).isCloseTo(0.01, within(1e-6));
            assertThat(warm.averages().get("w").item()).isCloseTo(1 - 2.0 / 11, within(1e-6));
        }
    }

    /// A step of 0.001 would be lost in bf16's resolution near 1.
    @Test
    void isInF32AlsoOfBf16Weights() {
        try (var weights = Weights.fresh(Seed.of(1), Placement.PURE); var average = new MovingAverage()) {
            var w = weights.get("w", Init.ZEROS, 2, 2);
            w.fillInPlace(1);
            average.include(weights.all().toList());
            w.fillInPlace(1.5);
            average.update(weights.all().toList(), new Ema(0.999, 1, false));
            assertThat(average.averages().get("w").dtype()).isEqualTo(DType.F32);
            assertThat(average.averages().get("w").toDoubles()[0]).isCloseTo(1.0005, within(1e-7));
        }
    }

    @Test
    void whatLearnedWithoutItIsForgottenAndBeginsAnew() {
        try (var weights = Weights.fresh(Seed.of(1), Placement.F32); var average = new MovingAverage()) {
            var a = weights.get("a", Init.ZEROS, 1);
            weights.get("b", Init.ZEROS, 1);
            average.include(weights.all().toList());
            average.forget("a"::equals);
            assertThat(average.averages()).containsOnlyKeys("b");
            a.fillInPlace(7);
            average.include(weights.all().toList());
            assertThat(average.averages().get("a").item()).isEqualTo(7);
        }
    }
}
