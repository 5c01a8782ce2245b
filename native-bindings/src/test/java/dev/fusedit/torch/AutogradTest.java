package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class AutogradTest {
    @Test
    void backwardAccumulatesUntilCleared() {
        var w = Tensor.of(new float[] {1, 2, 3}).requiresGrad(true);
        w.square().sum().backward();
        w.square().sum().backward();
        assertThat(w.grad().toFloats()).containsExactly(4, 8, 12);
        w.clearGrad();
        assertThat(w.grad()).isNull();
    }

    @Test
    void gradLeavesAccumulatedGradientsAlone() {
        var w = Tensor.of(new float[] {1, 2, 3}).requiresGrad(true);
        var unused = Tensor.of(new float[] {1}).requiresGrad(true);
        w.sum().backward();
        var gradients = Autograd.grad(w.pow(3).sum(), List.of(w, unused));
        assertThat(gradients.getFirst().toFloats()).containsExactly(3, 12, 27);
        assertThat(gradients.getLast()).isNull();
        assertThat(w.grad().toFloats()).containsOnly(1);
    }

    @Test
    void noGradBuildsNoGraphAndEnds() {
        var w = Tensor.of(new float[] {1, 2}).requiresGrad(true);
        try (var _ = Autograd.noGrad()) {
            assertThat(w.mul(2).requiresGrad()).isFalse();
            try (var _ = Autograd.withGrad()) {
                assertThat(w.mul(2).requiresGrad()).isTrue();
            }
            assertThat(Autograd.isEnabled()).isFalse();
        }
        assertThat(w.mul(2).requiresGrad()).isTrue();
        assertThat(w.mul(2).detach().requiresGrad()).isFalse();
        assertThat(w.isLeaf()).isTrue();
        assertThat(w.mul(2).isLeaf()).isFalse();
    }

    @Test
    void backwardOfSeveralNumbersWantsAGradient() {
        var w = Tensor.of(new float[] {1, 2}).requiresGrad(true);
        assertThatThrownBy(() -> w.mul(2).backward()).isInstanceOf(TorchException.class);
        Autograd.backward(w.mul(2), Tensor.of(new float[] {1, 10}));
        assertThat(w.grad().toFloats()).containsExactly(2, 20);
    }

    @Test
    void checkpointedChainGivesTheSameBits() {
        var weights = IntStream.range(0, 4).mapToObj(i -> Tensor.randn(Seed.of(i), DType.F32, 16, 16).mul(0.3).detach().requiresGrad(true))
                .toList();
        var x = Tensor.randn(Seed.of(9), DType.F32, 5, 16);
        var scale = Tensor.of(new float[] {0.7f}).requiresGrad(true);
        List<UnaryOperator<Tensor>> layers =
                weights.stream().<UnaryOperator<Tensor>>map(w -> h -> TensorScope.scoped(() -> h.add(h.matmul(w).geluTanh()))).toList();

        var plain = x.mul(scale);
        for (var layer : layers) {
            plain = layer.apply(plain);
        }
        plain.square().mean().backward();
        var expected = weights.stream().map(w -> w.grad().copy()).toList();
        var expectedScale = scale.grad().copy();
        weights.forEach(Tensor::clearGrad);
        scale.clearGrad();

        try (var chain = CheckpointedChain.of(layers)) {
            var y = chain.forward(x.mul(scale));
            assertThat(y.sameValues(plain)).isTrue();
            y.square().mean().backward();
            chain.backward();
        }
        for (int i = 0; i < weights.size(); i++) {
            assertThat(weights.get(i).grad().sameValues(expected.get(i))).as("gradient of layer %s", i).isTrue();
        }
        assertThat(scale.grad().sameValues(expectedScale)).isTrue();
    }

    @Test
    void checkpointedChainWithoutALossSaysSo() {
        try (var chain = CheckpointedChain.of(List.of(h -> h.mul(2)))) {
            var _ = chain.forward(Tensor.ones(DType.F32, 2));
            assertThatThrownBy(chain::backward).isInstanceOf(IllegalStateException.class).hasMessageContaining("no gradient arrived");
        }
    }
}
