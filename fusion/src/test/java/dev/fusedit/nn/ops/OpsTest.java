package dev.fusedit.nn.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.nn.Activation;
import dev.fusedit.nn.AdapterDropout;
import dev.fusedit.nn.AttentionMask;
import dev.fusedit.nn.Conv2d;
import dev.fusedit.nn.GatedMlp;
import dev.fusedit.nn.GradientGate;
import dev.fusedit.nn.JoinedLinear;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.PackedRows;
import dev.fusedit.nn.LoraAdapter;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.RotaryEmbedding;
import dev.fusedit.nn.ScoreScaling;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Kernels;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Threads;
import dev.fusedit.torch.fused.Fused;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each op's backward against finite differences in f64, and its kernels against libtorch's graph of the same formula in f64.
@Tag("numeric")
@Tag("training")
@Threads(atMost = Fused.MOST_THREADS)
@ExtendWith(NoTensorLeaks.class)
class OpsTest {
    private static final int B = 2, N = 3, C = 8, H = 2, D = 4;

    /// Leaves by the order in which they are asked for.
    private static final class Leaves {
        private final DType dtype;
        private final List<Tensor> all = new ArrayList<>();

        Leaves(DType dtype) { this.dtype = dtype; }

        /// A value or a matrix.
        Tensor of(long... shape) { return add(dtype, shape); }

        /// A vector, which stays in f32 beside smaller dtypes.
        Tensor vector(long... shape) { return add(dtype == DType.F64 ? DType.F64 : DType.F32, shape); }

        private Tensor add(DType kept, long... shape) {
            // rounded as the smallest dtype is, so that all compute with the same numbers
            var drawn = Tensor.randn(Seed.of(3).derive("leaf" + all.size()), DType.F32, shape).mul(0.5).to(DType.BF16);
            all.add(drawn.to(kept).detach().requiresGrad(true));
            return all.getLast();
        }

        Linear linear(long in, long out, boolean biased) { return new Linear(of(out, in), biased ? vector(out) : null); }

        Linear adapted(long in, long out, double dropout) {
            var lora = new LoraAdapter("layer", of(2, in), of(out, 2), 1.5, dropout, new AdapterDropout(Seed.of(9)));
            return new Linear(of(out, in), vector(out), lora);
        }

        /// Two layers of equal input, whose weights lie in one memory.
        JoinedLinear joined(Linear... parts) {
            var whole = Tensor.cat(0, Arrays.stream(parts).map(part -> part.weight_OI().detach()).toArray(Tensor[]::new));
            return new JoinedLinear(List.of(parts), whole);
        }

        GatedMlp mlp(Activation activation, boolean biased) {
            Linear gate = linear(C, 12, biased), up = linear(C, 12, biased), down = linear(12, C, biased);
            return new GatedMlp(gate, up, down, biased ? new JoinedLinear(List.of(gate, up), null) : joined(gate, up), activation);
        }

        KeyValues keyValues(long heads, long length) { return new KeyValues(of(B, heads, length, D), of(B, heads, length, D)); }
    }

    private static RotaryEmbedding.RotaryTable rotary(DType dtype) {
        var angles = new float[N * D];
        for (int i = 0; i < angles.length; i++) {
            angles[i] = 0.3f * (i / D) * (1 + i % (D / 2));
        }
        return RotaryEmbedding.of(angles, 1, N, D, Device.CPU).as(dtype);
    }

    /// @param op over leaves
    private record Case(String name, Function<Leaves, Op<?>> op) {
        @Override
        public String toString() { return name; }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case("norm", in -> new ModulatedNorm(new RmsNorm(in.vector(C), 1e-6), in.of(B, N, C), null, null)),
                new Case("norm, modulated",
                        in -> new ModulatedNorm(new RmsNorm(in.vector(C), 1e-6), in.of(B, N, C), in.vector(B, 1, C), in.vector(B, 1, C))),
                new Case("norm without an offset", in -> new ModulatedNorm(new RmsNorm(in.vector(C), 1e-6, 0), in.of(B, N, C), null, null)),
                new Case("linear", in -> new LinearOp(in.linear(C, 5, false), in.of(B, N, C))),
                new Case("linear with a bias", in -> new LinearOp(in.linear(C, 5, true), in.of(B, N, C))),
                new Case("linear with an adapter", in -> new LinearOp(in.adapted(C, 5, 0), in.of(B, N, C))),
                new Case("linear with an adapter, dropped out", in -> new LinearOp(in.adapted(C, 5, 0.3), in.of(B, N, C))),
                new Case("joined linears",
                        in -> new JoinedLinearOp(in.joined(in.linear(C, 4, false), in.linear(C, 6, false)), in.of(B, N, C))),
                new Case("heads", in -> new HeadsOp(in.of(B, N, H * D), H, null, null)),
                new Case("heads, normed", in -> new HeadsOp(in.of(B, N, H * D), H, new RmsNorm(in.vector(D), 1e-6), null)),
                new Case("heads, rotated", in -> new HeadsOp(in.of(B, N, H * D), H, null, rotary(in.dtype))),
                new Case("heads, normed and rotated",
                        in -> new HeadsOp(in.of(B, N, H * D), H, new RmsNorm(in.vector(D), 1e-6), rotary(in.dtype))),
                new Case("rotation", in -> new RotateOp(in.of(B, H, N, D), rotary(in.dtype))),
                new Case("concatenation", in -> new ConcatOp(in.keyValues(H, 2), in.keyValues(H, N))),
                new Case("attention",
                        in -> new AttentionOp(in.of(B, H, N, D), in.keyValues(H, 5), ScoreScaling.plain(D), AttentionMask.ALL)),
                new Case("attention, grouped queries, masked", in -> new AttentionOp(in.of(B, H, N, D), in.keyValues(1, 5),
                        ScoreScaling.plain(D), new AttentionMask.Keys(bias(in.dtype)))),
                new Case("attention, causal",
                        in -> new AttentionOp(in.of(B, H, N, D), in.keyValues(H, N), ScoreScaling.plain(D), new AttentionMask.Causal())),
                new Case("attention, soft-capped",
                        in -> new AttentionOp(in.of(B, H, N, D), in.keyValues(H, 5), new ScoreScaling(0.5, 2), AttentionMask.ALL)),
                new Case("GEGLU", in -> new GatedMlpOp(in.mlp(Activation.GELU_TANH, false), in.of(B, N, C))),
                new Case("SwiGLU with biases", in -> new GatedMlpOp(in.mlp(Activation.SILU, true), in.of(B, N, C))),
                new Case("gated MLP, GELU by erf", in -> new GatedMlpOp(in.mlp(Activation.GELU, false), in.of(B, N, C))),
                new Case("gated MLP, QuickGELU", in -> new GatedMlpOp(in.mlp(Activation.QUICK_GELU, false), in.of(B, N, C))),
                new Case("gated product", in -> new GatedProductOp(Activation.GELU_TANH, in.of(B, N, C), in.of(B, N, C))),
                new Case("gated product, GELU by erf", in -> new GatedProductOp(Activation.GELU, in.of(B, N, C), in.of(B, N, C))),
                new Case("sum", in -> new GatedAdd(in.of(B, N, C), in.of(B, N, C), null)),
                new Case("sum of itself", in -> sumOfItself(in.of(B, N, C))),
                new Case("gated sum", in -> new GatedAdd(in.of(B, N, C), in.of(B, N, C), in.vector(B, 1, C))),
                new Case("sum with one gate for all samples", in -> new GatedAdd(in.of(B, N, C), in.of(B, N, C), in.vector(1, 1, C))),
                new Case("sum with one number for each sample", in -> new GatedAdd(in.of(B, N, C), in.of(B, N, C), in.vector(B, 1, 1))),
                new Case("modulation", in -> new ModulationOp(in.of(B, 3 * C), null, 3)),
                new Case("modulation with a table", in -> new ModulationOp(in.of(B, 3 * C), in.vector(3 * C), 3)),
                new Case("packed tokens as rows",
                        in -> new SpreadOp(in.of(1, H, 10, D), PackedRows.of(new int[] {4, 4}, 4, 10, Device.CPU))),
                new Case("rows as packed tokens", in -> new PackOp(in.of(B, 4, C), PackedRows.of(new int[] {2, 4}, 4, 8, Device.CPU))),
                new Case("convolution", in -> new ConvolutionOp(new Conv2d(in.of(5, 2, 3, 3), in.vector(5), 1, 1), in.of(B, 2, 4, 6))),
                new Case("activation", in -> new ActivationOp(Activation.SILU, in.of(B, N, C))),
                new Case("any function", in -> new MapOp<>(in.of(B, C), x -> x.sin().mul(x))));
    }

    private static Op<Tensor> sumOfItself(Tensor x) { return new GatedAdd(x, x, null); }

    private static Tensor bias(DType dtype) {
        var bias = Tensor.zeros(dtype, B, 1, 1, 5);
        bias.select(0, 1).narrow(-1, 3, 2).fillInPlace(Double.NEGATIVE_INFINITY);
        return bias;
    }

    // ---- one number of all results

    /// Σ of each result times a fixed drawing, in f64.
    private static <R extends TensorRecord<R>> Tensor total(R made) {
        var parts = made.tensors().toList();
        var sum = Tensor.zeros(DType.F64);
        for (int i = 0; i < parts.size(); i++) {
            var weights = Tensor.randn(Seed.of(4).derive("result" + i), DType.F32, parts.get(i).shape()).to(DType.BF16).to(DType.F64);
            sum = sum.add(parts.get(i).to(DType.F64).mul(weights).sum());
        }
        return sum;
    }

    private static <R extends TensorRecord<R>> double value(Op<R> op) {
        try (var _ = TensorScope.open()) {
            return total(Ops.INFERENCE.run(op)).item();
        }
    }

    private static <R extends TensorRecord<R>> Tensor byAutograd(Op<R> op) { return total(Ops.AUTOGRAD.run(op)); }

    private static List<@Nullable Tensor> gradients(List<Tensor> leaves) {
        var found = new ArrayList<@Nullable Tensor>();
        leaves.forEach(leaf -> {
            found.add(leaf.grad() == null ? null : leaf.grad().copy());
            leaf.clearGrad();
        });
        return found;
    }

    /// As a training step does it: what a segment gives is a leaf, on which the loss is built.
    private static <R extends TensorRecord<R>> List<@Nullable Tensor> recorded(Op<R> op, List<Tensor> leaves, boolean checkpointing) {
        try (var _ = TensorScope.open(); var ops = RecordedOps.of(checkpointing)) {
            R made = ops.segment(leaves.getFirst(), (inner, _) -> inner.run(op));
            assertThat(made.tensors().map(Tensor::requiresGrad)).containsOnly(true);
            sameBits(made, Ops.INFERENCE.run(op));
            ops.backward(total(made), _ -> {});
        }
        return gradients(leaves);
    }

    private static <R extends TensorRecord<R>> void sameBits(R first, R second) {
        var others = second.tensors().toList();
        var ours = first.tensors().toList();
        for (int i = 0; i < ours.size(); i++) {
            assertThat(ours.get(i).sameValues(others.get(i))).as("recorded and inference give the same bits").isTrue();
        }
    }

    // ---- the tests

    @ParameterizedTest
    @MethodSource("cases")
    void theBackwardIsThatOfFiniteDifferences(Case given) {
        var in = new Leaves(DType.F64);
        var op = given.op().apply(in);
        for (var checkpointing : List.of(false, true)) {
            var found = recorded(op, in.all, checkpointing);
            for (int i = 0; i < in.all.size(); i++) {
                compare(op, in.all.get(i), Objects.requireNonNull(found.get(i)), given + ", input " + i);
            }
        }
    }

    /// Some numbers of a leaf, one after the other, by central differences.
    private static void compare(Op<?> op, Tensor leaf, Tensor gradient, String name) {
        double step = 1e-5;
        var flat = leaf.detach().view(-1);
        var expected = gradient.contiguous().toDoubles();
        for (int i = 0; i < flat.numel(); i += 1 + (int) flat.numel() / 7) {
            try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
                var place = flat.narrow(0, i, 1);
                double before = place.item();
                place.fillInPlace(before + step);
                double above = joinedAnew(op);
                place.fillInPlace(before - step);
                double below = joinedAnew(op);
                place.fillInPlace(before);
                joinedAnew(op);
                double difference = (above - below) / (2 * step);
                assertThat(Math.abs(difference - expected[i])).as("%s, number %s: %s, by differences %s", name, i, expected[i], difference)
                        .isLessThanOrEqualTo(1e-7 * (1 + Math.abs(difference)));
            }
        }
    }

    /// The value; joined weights are another memory here than their parts, so they are copied first.
    private static double joinedAnew(Op<?> op) {
        switch (op) {
            case JoinedLinearOp(var joined, _) -> copyParts(joined);
            case GatedMlpOp(var mlp, _) -> copyParts(mlp.gateUp());
            default -> {}
        }
        return value(op);
    }

    private static void copyParts(JoinedLinear joined) {
        for (int i = 0; i < joined.parts().size() && joined.weight_XI() != null; i++) {
            joined.rows(joined.whole_XI(), i).copyInPlace(joined.parts().get(i).weight_OI().detach());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void kernelsGiveTheGradientsOfTheFormula(Case given) {
        var exact = new Leaves(DType.F64);
        byAutograd(given.op().apply(exact)).backward();
        var expected = gradients(exact.all);
        for (var dtype : List.of(DType.F32, DType.BF16)) {
            var in = new Leaves(dtype);
            var op = given.op().apply(in);
            var found = recorded(op, in.all, false);
            for (int i = 0; i < found.size(); i++) {
                var difference =
                        Objects.requireNonNull(found.get(i)).to(DType.F64).sub(Objects.requireNonNull(expected.get(i))).norm().item();
                double size = Objects.requireNonNull(expected.get(i)).norm().item();
                assertThat(difference).as("%s in %s, input %s", given, dtype, i)
                        .isLessThanOrEqualTo((dtype == DType.F32 ? 2e-6 : 2e-2) * size);
            }
        }
    }

    /// What needs a kernel has one where they serve; attention has one in bf16, where it is two matmuls.
    @ParameterizedTest
    @MethodSource("cases")
    void theWayIsTheOneThatIsMeant(Case given) {
        var in = new Leaves(DType.F32);
        var op = given.op().apply(in);
        try (var ops = RecordedOps.of(false)) {
            ops.run(op);
            boolean libtorchs = Stream.of(AttentionOp.class, ConvolutionOp.class, ActivationOp.class, MapOp.class)
                    .anyMatch(kind -> kind.isInstance(op));
            if (Kernels.expected()) {
                assertThat(ops.leftToAutograd().contains(op.name())).isEqualTo(libtorchs);
            }
            assertThat(ops.leftToAutograd().size() + ops.ownBackward().size()).isEqualTo(1);
        }
    }

    /// Of a frozen weight in a smaller dtype no wide copy is kept.
    @Test
    void heldWeightsNeedNoGraph() {
        var in = new Leaves(DType.F32);
        Linear gate = held(in, 6, C), up = held(in, 6, C), down = held(in, C, 6);
        var whole = Tensor.cat(0, gate.weight_OI(), up.weight_OI());
        var mlp = new GatedMlp(gate, up, down, new JoinedLinear(List.of(gate, up), whole), Activation.SILU);
        for (var kind : List.<Function<Tensor, Op<Tensor>>>of(x -> new LinearOp(gate, x), x -> new GatedMlpOp(mlp, x))) {
            var x = in.of(B, N, C);
            var op = kind.apply(x);
            var own = Objects.requireNonNull(recorded(op, List.of(x), false).getFirst());
            byAutograd(op).backward();
            assertThat(own.allClose(Objects.requireNonNull(x.grad()), 1e-5, 1e-6)).isTrue();
            try (var _ = TensorScope.open(); var ops = RecordedOps.of(false)) {
                ops.run(op);
                assertThat(ops.leftToAutograd()).isEmpty();
            }
        }
    }

    private static Linear held(Leaves in, long out, long width) {
        return new Linear(in.of(out, width).detach().to(DType.BF16).requiresGrad(false), null);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void frozenInputsGetNoGradientAndTheOthersDo(Case given) {
        var counted = new Leaves(DType.F32);
        given.op().apply(counted);
        for (int frozen = 0; frozen < counted.all.size() && counted.all.size() > 1; frozen++) {
            var in = new Leaves(DType.F32);
            var op = given.op().apply(in);
            in.all.get(frozen).requiresGrad(false);
            pass(op, in.all.getFirst());
            for (int i = 0; i < in.all.size(); i++) {
                assertThat(in.all.get(i).grad() != null).as("%s, input %s where %s is frozen", given, i, frozen).isEqualTo(i != frozen);
            }
        }
    }

    private static <R extends TensorRecord<R>> void pass(Op<R> op, Tensor x) {
        try (var _ = TensorScope.open(); var ops = RecordedOps.of(false)) {
            R made = ops.segment(x, (inner, _) -> inner.run(op));
            ops.backward(total(made), _ -> {});
        }
    }
}
