package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class GradientsTest {
    /// In bf16 1 + 1/256 is 1: sums of many small parts would stand still.
    @Test
    void bf16GradientsAreSummedInF32() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.MIXED)) {
            var w = weights.get("w", Init.ZEROS, 2, 2);
            weights.train(_ -> true);
            try (var gradients = new Gradients(weights.trainable())) {
                w.sum().backward();
                gradients.take(weights);
                for (int i = 0; i < 64; i++) {
                    w.sum().mul(1.0 / 256).backward();
                    gradients.take(weights);
                }
                assertThat(w.grad()).as("nothing is left for the next pass").isNull();
                assertThat(gradients.of("w").dtype()).isEqualTo(DType.F32);
                assertThat(gradients.of("w").toFloats()).containsOnly(1.25f);
            }
        }
    }

    @Test
    void aParameterThatNoLossReachesHasNone() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            var a = weights.get("a", Init.ZEROS, 1);
            weights.get("idle", Init.ZEROS, 3);
            var b = weights.get("b", Init.ZEROS, 1);
            weights.train(_ -> true);
            try (var gradients = new Gradients(weights.trainable())) {
                assertThat(gradients.norm(Device.CPU).item()).isZero();
                b.mul(4).sum().add(a.mul(3).sum()).backward();
                gradients.take(weights);
                assertThat(gradients.sums()).containsOnlyKeys("a", "b");
                assertThat(gradients.norm(Device.CPU).item()).isCloseTo(5, within(1e-6));
                gradients.scale(new Factor.Known(0.5));
                assertThat(gradients.of("b").item()).isEqualTo(2);
                gradients.zeroIfNone(weights.parameter("idle"));
                gradients.zeroIfNone(weights.parameter("a"));
                assertThat(gradients.of("idle").toFloats()).containsOnly(0);
                assertThat(gradients.of("a").item()).isEqualTo(1.5);
            }
        }
    }

    /// A step of 1e-4 is below bf16's resolution at 1: with rounding to the nearest the weight would never move.
    @Test
    void weightsWithoutMastersLearnThroughStochasticRounding() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.PURE);
                var optimizerState = new OptimizerState();
                var again = new OptimizerState()) {
            var w = weights.get("w", Init.ZEROS, 100, 100);
            var bias = weights.get("bias", Init.ZEROS, 10);
            var steps = new WeightSteps(new AdamW(0.9, 0.999, 1e-8, optimizerState), Seed.of(5));
            var same = new WeightSteps(new AdamW(0.9, 0.999, 1e-8, again), Seed.of(5));
            w.fillInPlace(1);
            bias.fillInPlace(1);
            var copy = w.copy();
            for (int step = 0; step < 100; step++) {
                steps.step(java.util.List.of(new Update("w", w, Tensor.ones(DType.F32, 100, 100), 1e-4, 0),
                        new Update("bias", bias, Tensor.ones(DType.F32, 10), 1e-4, 0)), step);
                same.step(java.util.List.of(new Update("w", copy, Tensor.ones(DType.F32, 100, 100), 1e-4, 0)), step);
            }
            assertThat(w.dtype()).isEqualTo(DType.BF16);
            assertThat(w.to(DType.F64).mean().item()).isCloseTo(0.99, within(2e-4));
            assertThat(bias.toFloats()[0]).as("a vector is in f32").isCloseTo(0.99f, within(1e-5f));
            assertThat(copy.sameValues(w)).as("draws are functions of seed, step and name").isTrue();
            assertThat(optimizerState.state().get("w.exp_avg").dtype()).isEqualTo(DType.F32);
        }
    }
}
