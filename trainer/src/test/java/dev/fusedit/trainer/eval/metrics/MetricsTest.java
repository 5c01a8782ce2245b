package dev.fusedit.trainer.eval.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class MetricsTest {
    private static Tensor features() { return Tensor.randn(Seed.of(1), DType.F64, 40, 6); }

    @Test
    void aShiftIsItsSquareAndAScaleItsDeviation() {
        try (var _ = TensorScope.open()) {
            var one = FeatureStatistics.of(features());
            assertThat(one.frechetDistance(FeatureStatistics.of(features().add(0.5)))).isCloseTo(6 * 0.25, within(1e-9));
            var trace = one.covariance().mul(Tensor.eye(6, DType.F64)).sum().item();
            var wide = new FeatureStatistics(one.mean(), one.covariance().mul(4.0));
            assertThat(one.frechetDistance(wide)).as("(2 - 1)² tr Σ").isCloseTo(trace, within(1e-9));
        }
    }

    @Test
    void fewerImagesThanNumbersHaveADistanceToo() {
        try (var _ = TensorScope.open()) {
            var few = FeatureStatistics.of(features().narrow(0, 0, 3));
            assertThat(few.frechetDistance(few)).isCloseTo(0, within(1e-6));
        }
    }

    @Test
    void vendiCountsDifferentImages() {
        try (var _ = TensorScope.open()) {
            assertThat(Diversity.of(Tensor.eye(4, DType.F64).repeat(3, 1)).vendi()).isCloseTo(4, within(1e-9));
        }
    }

    @Test
    void zerosGoOnFromQuestionToQuestion() {
        var questions = List.of(new Dpg.Question(1, List.of(0), "entity - whole"), new Dpg.Question(2, List.of(1), "attribute - color"),
                new Dpg.Question(3, List.of(2), "attribute - size"));
        var item = new Dpg.Item(questions, List.of(Map.of(1, false, 2, true, 3, true), Map.of(1, true, 2, true, 3, false)));
        assertThat(item.scores()).containsExactly(0.0, 2 / 3.0);
        assertThat(Dpg.kinds(List.of(item))).as("of the last image, not zeroed").containsEntry("attribute", 0.5).containsEntry("entity",
                1.0);
    }
}
