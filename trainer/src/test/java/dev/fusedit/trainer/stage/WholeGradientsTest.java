package dev.fusedit.trainer.stage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.nn.ops.WholeGradients;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What goes over to other processes while a stage's backward pass goes on.
@ExtendWith(NoTensorLeaks.class)
class WholeGradientsTest {
    /// Every fusion, with a loss on captions that go through the language model's layers too, and with texts of their own.
    @ParameterizedTest
    @CsvSource(delimiter = ';',
            value = {"joint; captions; false", "joint; text; true", "cross; captions; true", "gated-joint; text; false"})
    void aGradientThatIsToldToBeWholeDoesNotChange(String fusion, String corpus, boolean checkpointing) {
        try (var tiny = TinyStage.of("run.precision=f64", "model.fusion=" + fusion, "stages.joint.checkpointing=" + checkpointing,
                "stages.joint.losses.language={weight: 0.1, corpus: " + corpus + "}"); var _ = TensorScope.open()) {
            var weights = tiny.bundle.weights();
            weights.train(_ -> true);
            var losses = tiny.losses();
            var foretold = new ArrayList<Tensor>();
            var told = new LinkedHashMap<Tensor, Tensor>();
            var scope = TensorScope.holding();
            try (scope) {
                losses.backward(losses.parts(tiny.batch(0), 0, 1).getFirst(), Factor.ONE, new WholeGradients() {
                    @Override
                    public void begin(Supplier<List<Tensor>> order) { foretold.addAll(order.get()); }

                    @Override
                    public void whole(Tensor parameter) {
                        told.put(parameter, scope.hold(Objects.requireNonNull(parameter.grad()).copy()));
                    }
                });
                assertThat(new ArrayList<>(told.keySet())).isEqualTo(foretold).hasSizeGreaterThan(20);
                told.forEach((parameter, gradient) -> assertThat(gradient.sameValues(Objects.requireNonNull(parameter.grad()))).isTrue());
            }
            weights.clearGradients();
        }
    }
}
