package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("numeric")
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
    void severalRootsThatShareAGraphGiveTheirSumInOnePass() {
        var w = Tensor.of(new float[] {1, 2}).requiresGrad(true);
        var shared = w.square();
        Autograd.backward(List.of(shared, shared.mul(w)), List.of(Tensor.of(new float[] {1, 10}), Tensor.of(new float[] {100, 1000})));
        assertThat(w.grad().toFloats()).as("2 w g1 + 3 w² g2").containsExactly(2 + 300, 40 + 12_000);
    }
}
