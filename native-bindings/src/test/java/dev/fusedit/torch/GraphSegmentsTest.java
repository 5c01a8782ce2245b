package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("numeric")
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
    void recomputedGradientsHaveTheSameBits() { requireSame(GraphSegments.recomputed()); }

    @Test
    void gradientsInPiecesHaveTheSameBits() { requireSame(GraphSegments.inPieces()); }

    private void requireSame(GraphSegments segments) {
        var expected = gradients(GraphSegments.WHOLE);
        var actual = gradients(segments);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).sameValues(expected.get(i))).as("gradient of leaf %s", i).isTrue();
        }
    }

    /// y = x · sin(scale), which tells how often it ran.
    private final class Sines implements Written {
        private int runs;
        private int open;

        @Override
        public boolean learns(Tensor x) { return x.requiresGrad() || scale.requiresGrad(); }

        @Override
        public Run run(Tensor x) {
            runs++;
            open++;
            var owner = TensorScope.holding();
            var y = owner.hold(x.mul(scale.sin()));
            return new Run() {
                private boolean closed;

                @Override
                public Tensor result() { return y; }

                @Override
                public Tensor backward(Tensor gradient) {
                    return TensorScope.scoped(() -> {
                        Autograd.accumulate(scale, gradient.mul(x).sum().mul(scale.cos()));
                        return gradient.mul(scale.sin());
                    });
                }

                @Override
                public void close() {
                    owner.close();
                    open -= closed ? 0 : 1;
                    closed = true;
                }
            };
        }
    }

    private Tensor withSines(GraphSegments segments, Sines sines) {
        var x = segments.segment(segments.border(input.mul(scale)), in -> layer(0, in, scale));
        var y = segments.written(x, sines, in -> in.mul(scale.sin()));
        return segments.segment(y, in -> layer(1, in, scale)).square().mean();
    }

    @Test
    void aWrittenPartTakesItsPlaceBetweenGraphs() {
        var found = new ArrayList<Tensor>();
        for (var way : List.<Supplier<GraphSegments>>of(() -> GraphSegments.WHOLE, GraphSegments::inPieces,
                GraphSegments::recomputed)) {
            leaves().forEach(Tensor::clearGrad);
            var sines = new Sines();
            try (var segments = way.get()) {
                segments.backward(withSines(segments, sines));
            }
            assertThat(sines.open).isZero();
            assertThat(sines.runs).isLessThanOrEqualTo(2);
            found.add(scale.grad().copy());
            found.add(weights.getFirst().grad().copy());
        }
        assertThat(found.get(2).allClose(found.get(0), 1e-5, 1e-6)).isTrue();
        assertThat(found.get(3).allClose(found.get(1), 1e-5, 1e-6)).isTrue();
        assertThat(found.get(4).sameValues(found.get(2))).isTrue();
        assertThat(found.get(5).sameValues(found.get(3))).isTrue();
    }

    @Test
    void aWrittenPartThatNobodyLearnsOfIsNotRun() {
        var sines = new Sines();
        try (var _ = Autograd.noGrad(); var segments = GraphSegments.inPieces()) {
            assertThat(withSines(segments, sines).requiresGrad()).isFalse();
        }
        assertThat(sines.runs).isZero();
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
