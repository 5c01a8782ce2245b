package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.recipe.Ema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class EmaWeightsTest {
    @Test
    void theDecayMayWarmUp() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32); var warm = new EmaWeights(); var constant = new EmaWeights()) {
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
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.PURE); var emaWeights = new EmaWeights()) {
            var w = weights.get("w", Init.ZEROS, 2, 2);
            w.fillInPlace(1);
            emaWeights.include(weights.all().toList());
            w.fillInPlace(1.5);
            emaWeights.update(weights.all().toList(), new Ema(0.999, 1, false));
            assertThat(emaWeights.averages().get("w").dtype()).isEqualTo(DType.F32);
            assertThat(emaWeights.averages().get("w").toDoubles()[0]).isCloseTo(1.0005, within(1e-7));
        }
    }

    @Test
    void whatLearnedWithoutItIsForgottenAndBeginsAnew() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32); var emaWeights = new EmaWeights()) {
            var a = weights.get("a", Init.ZEROS, 1);
            weights.get("b", Init.ZEROS, 1);
            emaWeights.include(weights.all().toList());
            emaWeights.forget("a"::equals);
            assertThat(emaWeights.averages()).containsOnlyKeys("b");
            a.fillInPlace(7);
            emaWeights.include(weights.all().toList());
            assertThat(emaWeights.averages().get("a").item()).isEqualTo(7);
        }
    }
}
