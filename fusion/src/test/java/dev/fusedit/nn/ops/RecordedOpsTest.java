package dev.fusedit.nn.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.nn.Linear;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class RecordedOpsTest {
    private static final int LAYERS = 4;

    private record Both(Tensor left, Tensor right) implements TensorRecord<Both> {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(left, right); }

        @Override
        public Both replaced(UnaryOperator<Tensor> each) { return new Both(each.apply(left), each.apply(right)); }
    }

    private List<Linear> layers;
    private Tensor scale;
    private Tensor input;

    @BeforeEach
    void makeLeaves() {
        layers = IntStream.range(0, LAYERS).mapToObj(
                i -> new Linear(Tensor.randn(Seed.of(i), DType.F32, 16, 16).mul(0.3).detach().requiresGrad(true), null)).toList();
        scale = Tensor.of(new float[] {0.7f}).requiresGrad(true);
        input = Tensor.randn(Seed.of(9), DType.F32, 5, 16);
    }

    private Tensor layer(Ops ops, int index, Tensor x, Tensor state) {
        return TensorScope
                .scoped(() -> ops.add(x, ops.map(ops.linear(layers.get(index), ops.map(Parts.of(x, state), RecordedOpsTest::product)),
                        Tensor::geluTanh)));
    }

    private static Tensor product(Parts of) { return of.list().get(0).mul(of.list().get(1)); }

    /// Layers that all read a state, a result in the middle that a loss reads too, and a layer that gives two parts.
    private Tensor loss(Ops ops) {
        var state = ops.hold(ops.graph(() -> scale.mul(2).sin()));
        var x = ops.graph(() -> input.mul(scale));
        for (int i = 0; i < LAYERS - 1; i++) {
            var index = i;
            x = ops.segment(x, (inner, in) -> layer(inner, index, in, state));
        }
        var middle = x;
        var both = ops.segment(x, (inner, in) -> {
            var next = layer(inner, LAYERS - 1, in, state);
            return new Both(inner.map(Parts.of(next, state), RecordedOpsTest::product), inner.map(next, Tensor::sin));
        });
        return both.left().square().mean().add(both.right().mul(middle).mean()).add(middle.cos().mean());
    }

    private List<Tensor> leaves() { return Stream.concat(layers.stream().map(Linear::weight_OI), Stream.of(scale)).toList(); }

    private List<Tensor> taken() {
        var found = leaves().stream().map(leaf -> Objects.requireNonNull(leaf.grad()).copy()).toList();
        leaves().forEach(Tensor::clearGrad);
        return found;
    }

    @Test
    void gradientsAreThoseOfAutogradAndHaveTheSameBitsIfComputedTwice() {
        loss(Ops.AUTOGRAD).backward();
        var expected = taken();
        var found = new ArrayList<List<Tensor>>();
        for (var checkpointing : List.of(false, true)) {
            try (var ops = RecordedOps.of(checkpointing)) {
                ops.backward(loss(ops), _ -> {});
            }
            found.add(taken());
        }
        for (int i = 0; i < expected.size(); i++) {
            assertThat(found.getFirst().get(i).allClose(expected.get(i), 1e-5, 1e-6)).as("gradient of leaf %s", i).isTrue();
            assertThat(found.getLast().get(i).sameValues(found.getFirst().get(i))).as("bits of leaf %s", i).isTrue();
        }
    }

    /// What other processes may add up while the rest of the backward pass goes on.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aParameterIsReportedOnceItsGradientIsWhole(boolean checkpointing) {
        var reported = new LinkedHashMap<Integer, Tensor>();
        try (var ops = RecordedOps.of(checkpointing)) {
            var x = ops.graph(() -> input.mul(scale));
            for (int index : List.of(0, 1, 0, 2)) { // the first is read twice
                x = ops.segment(x, (inner, in) -> inner.linear(layers.get(index), in));
            }
            var foretold = new ArrayList<Integer>();
            ops.backward(x.square().mean(), new WholeGradients() {
                @Override
                public void begin(Supplier<List<Tensor>> order) { order.get().forEach(parameter -> foretold.add(index(parameter))); }

                @Override
                public void whole(Tensor parameter) {
                    assertThat(reported.put(index(parameter), Objects.requireNonNull(parameter.grad()).copy())).as("once").isNull();
                }
            });
            assertThat(reported.keySet()).containsExactly(2, 1, 0);
            assertThat(foretold).containsExactly(2, 1, 0);
            reported.forEach((index, gradient) -> assertThat(gradient.sameValues(layers.get(index).weight_OI().grad())).isTrue());
            assertThat(scale.grad()).as("what graphs read is whole at the end").isNotNull();
        }
    }

    private int index(Tensor parameter) {
        return IntStream.range(0, LAYERS).filter(i -> layers.get(i).weight_OI() == parameter).findFirst().orElseThrow();
    }

    /// How often a segment's body runs.
    private static Tensor count(int[] runs, int body, Tensor result) {
        runs[body]++;
        return result;
    }

    @Test
    void segmentsAreComputedTwiceOnlyWhereAGradientArrives() {
        var runs = new int[3];
        layers.getFirst().weight_OI().requiresGrad(false);
        try (var ops = RecordedOps.of(true)) {
            var frozen = ops.segment(input, (inner, x) -> count(runs, 0, inner.linear(layers.get(0), x)));
            var learned = ops.segment(frozen, (inner, x) -> count(runs, 1, inner.linear(layers.get(1), x)));
            var unread = ops.segment(learned, (inner, x) -> count(runs, 2, inner.linear(layers.get(2), x)));
            assertThat(frozen.requiresGrad()).isFalse();
            assertThat(unread.requiresGrad()).isTrue();
            ops.backward(learned.sum(), _ -> {});
        }
        assertThat(runs).containsExactly(1, 2, 1);
        assertThat(layers.get(0).weight_OI().grad()).isNull();
        assertThat(layers.get(1).weight_OI().grad()).isNotNull();
        assertThat(layers.get(2).weight_OI().grad()).isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whereGradientsAreOffNothingIsRecorded(boolean checkpointing) {
        try (var _ = Autograd.noGrad(); var ops = RecordedOps.of(checkpointing)) {
            assertThat(loss(ops).requiresGrad()).isFalse();
            assertThat(ops.ownBackward()).isEmpty();
        }
    }

    /// Handles of the caller's may be freed as soon as the next layer has them.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsReadLaterIsKeptWhateverTheCallerFrees(boolean checkpointing) {
        try (var ops = RecordedOps.of(checkpointing)) {
            var x = ops.graph(() -> input.mul(scale));
            for (var layer : layers) {
                var next = ops.segment(x, (inner, in) -> inner.linear(layer, in));
                x.free();
                x = next;
            }
            ops.backward(x.square().mean(), _ -> {});
        }
        assertThat(leaves()).allMatch(leaf -> leaf.grad() != null);
    }

    @Test
    void aPassThatIsNeverBackwardLeavesNothing() {
        long before = TensorScope.live();
        try (var _ = TensorScope.open(); var ops = RecordedOps.of(false)) {
            loss(ops);
        }
        assertThat(TensorScope.live()).isEqualTo(before);
    }

    /// Its gradient would be lost in silence.
    @Test
    void aGraphThatWasNotHandedOverIsRefused() {
        try (var ops = RecordedOps.of(false)) {
            assertThatThrownBy(() -> ops.segment(input.mul(scale), (inner, in) -> inner.linear(layers.getFirst(), in)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("graph()");
        }
    }

    @Test
    void oneBackwardPassOnly() {
        try (var ops = RecordedOps.of(false)) {
            var y = ops.segment(input, (inner, in) -> inner.linear(layers.getFirst(), in));
            ops.backward(y.sum(), _ -> {});
            assertThatThrownBy(() -> ops.backward(y.sum(), _ -> {})).isInstanceOf(IllegalStateException.class).hasMessageContaining("over");
            assertThatThrownBy(() -> ops.segment(input, (inner, in) -> inner.linear(layers.getFirst(), in))).hasMessageContaining("over");
        }
    }
}
