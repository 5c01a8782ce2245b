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
class TapeTest {
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
    private Tensor loss(Tape tape) {
        var state = tape.boundary(scale.mul(2).sin());
        var x = tape.boundary(input.mul(scale));
        for (int i = 0; i < LAYERS - 1; i++) {
            var index = i;
            x = tape.segment(x, in -> layer(index, in, state));
        }
        var middle = x;
        var both = tape.segment(tape.fork(x), in -> TensorScope.scoped(() -> {
            var next = layer(LAYERS - 1, in, state);
            return new Both(next.mul(state), next.sin());
        }));
        return both.left().square().mean().add(both.right().mul(middle).mean()).add(middle.cos().mean());
    }

    private List<Tensor> leaves() { return Stream.concat(weights.stream(), Stream.of(scale)).toList(); }

    private List<Tensor> gradients(Tape tape) {
        leaves().forEach(Tensor::clearGrad);
        try (tape) {
            tape.backward(loss(tape));
        }
        return leaves().stream().map(leaf -> leaf.grad().copy()).toList();
    }

    @Test
    void recomputedGradientsHaveTheSameBits() { requireSame(Tape.checkpointed()); }

    @Test
    void gradientsInPiecesHaveTheSameBits() { requireSame(Tape.segmented()); }

    private void requireSame(Tape tape) {
        var expected = gradients(Tape.PLAIN);
        var actual = gradients(tape);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).sameValues(expected.get(i))).as("gradient of leaf %s", i).isTrue();
        }
    }

    /// y = x · sin(scale), which tells how often it ran.
    private final class Sines implements CustomFunction {
        private int runs;
        private int open;

        @Override
        public boolean requiresGrad(Tensor x) { return x.requiresGrad() || scale.requiresGrad(); }

        @Override
        public Node forward(Tensor x) {
            runs++;
            open++;
            var owner = TensorScope.holding();
            var y = owner.hold(x.mul(scale.sin()));
            return new Node() {
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

    private Tensor withSines(Tape tape, Sines sines) {
        var x = tape.segment(tape.boundary(input.mul(scale)), in -> layer(0, in, scale));
        var y = tape.custom(x, sines, in -> in.mul(scale.sin()));
        return tape.segment(y, in -> layer(1, in, scale)).square().mean();
    }

    @Test
    void aCustomFunctionTakesItsPlaceBetweenSegments() {
        var found = new ArrayList<Tensor>();
        for (var way : List.<Supplier<Tape>>of(() -> Tape.PLAIN, Tape::segmented,
                Tape::checkpointed)) {
            leaves().forEach(Tensor::clearGrad);
            var sines = new Sines();
            try (var tape = way.get()) {
                tape.backward(withSines(tape, sines));
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
    void aCustomFunctionThatNeedsNoGradientIsNotRun() {
        var sines = new Sines();
        try (var _ = Autograd.noGrad(); var tape = Tape.segmented()) {
            assertThat(withSines(tape, sines).requiresGrad()).isFalse();
        }
        assertThat(sines.runs).isZero();
    }

    @Test
    void bodiesRunTwiceOnlyWhereAGradientArrives() {
        var runs = new int[3];
        try (var tape = Tape.checkpointed()) {
            var frozen = tape.segment(input, x -> count(runs, 0, x.mul(2)));
            var learned = tape.segment(frozen, x -> count(runs, 1, x.matmul(weights.getFirst())));
            var unread = tape.segment(learned, x -> count(runs, 2, x.matmul(weights.getLast())));
            assertThat(frozen.requiresGrad()).isFalse();
            assertThat(unread.requiresGrad()).isTrue();
            tape.backward(learned.sum());
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
        try (var _ = Autograd.noGrad(); var tape = Tape.checkpointed()) {
            assertThat(loss(tape).requiresGrad()).isFalse();
        }
    }

    @Test
    void aGraphThatWasNotEndedByABoundaryIsRefused() {
        try (var tape = Tape.checkpointed()) {
            assertThatThrownBy(() -> tape.segment(input.mul(scale), x -> x.mul(2))).hasMessageContaining("must be a leaf");
        }
    }

    @Test
    void oneBackwardPassOnly() {
        try (var tape = Tape.checkpointed()) {
            var y = tape.segment(input, x -> x.mul(scale));
            tape.backward(y.sum());
            assertThatThrownBy(() -> tape.backward(y.sum())).isInstanceOf(IllegalStateException.class).hasMessageContaining("over");
            assertThatThrownBy(() -> tape.segment(input, x -> x.mul(scale))).hasMessageContaining("over");
        }
    }
}
