package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class GraphSegmentsTest {
    private static final int LAYERS = 4;

    /// A result in two parts.
    private record Both(Tensor left, Tensor right) implements TensorRecord<Both> {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(left, right); }

        @Override
        public Both replaced(UnaryOperator<Tensor> each) { return new Both(each.apply(left), each.apply(right)); }
    }

    private List<Tensor> weights;
    private Tensor scale;
    private Tensor input;

    @BeforeEach
    void makeLeaves() {
        weights = IntStream.range(0, LAYERS)
                .mapToObj(i -> Tensor.randn(Seed.of(i), DType.F32, 16, 16).mul(0.3).detach().requiresGrad(true)).toList();
        scale = Tensor.of(new float[] {0.7f}).requiresGrad(true);
        input = Tensor.randn(Seed.of(9), DType.F32, 5, 16);
    }

    private Tensor layer(int index, Tensor x, Tensor state) {
        return TensorScope.scoped(() -> x.add(x.mul(state).matmul(weights.get(index)).geluTanh()));
    }

    /// Layers that all read a state, a result in the middle that is read by two, and one that gives two parts.
    private Tensor loss(GraphSegments segments) {
        var state = segments.border(scale.mul(2).sin());
        var x = segments.border(input.mul(scale));
        for (int i = 0; i < LAYERS - 1; i++) {
            var index = i;
            x = segments.segment(x, in -> layer(index, in, state));
        }
        var middle = x;
        var both = segments.segment(segments.branch(x), in -> TensorScope.scoped(() -> {
            var next = layer(LAYERS - 1, in, state);
            return new Both(next.mul(state), next.sin());
        }));
        return both.left().square().mean().add(both.right().mul(middle).mean()).add(middle.cos().mean());
    }

    private List<Tensor> leaves() { return Stream.concat(weights.stream(), Stream.of(scale)).toList(); }

    private List<Tensor> gradients(GraphSegments segments) {
        leaves().forEach(Tensor::clearGrad);
        try (segments) {
            segments.backward(loss(segments));
        }
        return leaves().stream().map(leaf -> leaf.grad().copy()).toList();
    }

    @Test
    void recomputedGradientsHaveTheSameBits() {
        var expected = gradients(GraphSegments.WHOLE);
        var actual = gradients(GraphSegments.recomputed());
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).sameValues(expected.get(i))).as("gradient of leaf %s", i).isTrue();
        }
    }

    @Test
    void bodiesRunTwiceOnlyWhereAGradientArrives() {
        var runs = new int[3];
        try (var segments = GraphSegments.recomputed()) {
            var frozen = segments.segment(input, x -> count(runs, 0, x.mul(2)));
            var learned = segments.segment(frozen, x -> count(runs, 1, x.matmul(weights.getFirst())));
            var unread = segments.segment(learned, x -> count(runs, 2, x.matmul(weights.getLast())));
            assertThat(frozen.requiresGrad()).isFalse();
            assertThat(unread.requiresGrad()).isTrue();
            segments.backward(learned.sum());
        }
        assertThat(runs).containsExactly(1, 2, 1);
        assertThat(weights.getLast().grad()).isNull();
    }

    private static Tensor count(int[] runs, int body, Tensor result) {
        runs[body]++;
        return result;
    }

    @Test
    void withoutGradientsNothingIsKept() {
        try (var _ = Autograd.noGrad(); var segments = GraphSegments.recomputed()) {
            assertThat(loss(segments).requiresGrad()).isFalse();
        }
    }

    @Test
    void aGraphThatWasNotEndedByABorderIsRefused() {
        try (var segments = GraphSegments.recomputed()) {
            assertThatThrownBy(() -> segments.segment(input.mul(scale), x -> x.mul(2))).hasMessageContaining("must be a leaf");
        }
    }

    @Test
    void oneBackwardPassOnly() {
        try (var segments = GraphSegments.recomputed()) {
            var y = segments.segment(input, x -> x.mul(scale));
            segments.backward(y.sum());
            assertThatThrownBy(() -> segments.backward(y.sum())).isInstanceOf(IllegalStateException.class).hasMessageContaining("over");
            assertThatThrownBy(() -> segments.segment(input, x -> x.mul(scale))).hasMessageContaining("over");
        }
    }
}
