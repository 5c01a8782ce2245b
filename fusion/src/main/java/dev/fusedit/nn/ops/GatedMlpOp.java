package dev.fusedit.nn.ops;

import java.util.List;
import dev.fusedit.nn.GatedMlp;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A gated MLP (SwiGLU, GEGLU; Shazeer 2020, arXiv 2002.05202): y = W_down · h, h = act(g) · u, g = W_gate · x, u = W_up · x.
///
///     ∂h = ∂y · W_down,  ∂g = ∂h · u · act′(g),  ∂u = ∂h · act(g),  weights and x as in [LinearOp]
///
/// Of the inner width only g and u are kept; h is computed again, and the gradients of g and u are written over them.
///
/// Layers with adapters are ops of their own, with [GatedProductOp] between them.
///
/// @param x (…, C)
record GatedMlpOp(GatedMlp mlp, Tensor x) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() {
        return Stream.concat(Stream.of(x), Stream.of(mlp.gate(), mlp.up(), mlp.down())
                .flatMap(linear -> Stream.concat(Stream.of(linear.weight_OI()), Stream.ofNullable(linear.bias_O()))));
    }

    @Override
    public GatedMlpOp over(UnaryOperator<Tensor> each) { return new GatedMlpOp(mlp, each.apply(x)); }

    @Override
    public Tensor autograd() { return mlp.apply(x); }

    @Override
    public Tensor inference() { return TensorScope.scoped(() -> mlp.down().apply(inner(gateUp()))); }

    /// @param whole both in one memory; null where the layers are not joined
    private record GateUp(Tensor gate, Tensor up, @Nullable Tensor whole) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.concat(Stream.of(gate, up), Stream.ofNullable(whole)); }
    }

    private GateUp gateUp() {
        if (!mlp.gateUp().isWhole(x.dtype())) {
            return mlp.gateUp().weight_XI() == null ? new GateUp(mlp.gate().apply(x), mlp.up().apply(x), null) : widened();
        }
        return parts(x.linear(mlp.gateUp().whole_XI(), null));
    }

    /// As one product too, so that weights held in a smaller dtype give the bits of wide ones.
    private GateUp widened() {
        return TensorScope.scoped(() -> parts(x.linear(mlp.gateUp().whole_XI().to(x.dtype()), null)));
    }

    private GateUp parts(Tensor whole) { return new GateUp(mlp.gateUp().part(whole, 0), mlp.gateUp().part(whole, 1), whole); }

    private Tensor inner(GateUp of) { return GatedProductOp.forward(mlp.activation(), of.gate, of.up); }

    @Override
    public Tensor counted(Count count) {
        for (var linear : List.of(mlp.gate(), mlp.up())) {
            count.matmul(x, linear.weight_OI());
        }
        var shape = x.shape();
        shape[shape.length - 1] = mlp.gate().weight_OI().size(0);
        var inner = count.made(shape);
        if (count.isRecorded()) {
            count.learn(inner);
        }
        count.matmul(inner, mlp.down().weight_OI());
        count.keep(x);
        // gate and up; libtorch's graph also keeps the gate's activation and their product
        count.keepOwn((count.target().kernels() ? 2 : 4) * Count.bytes(inner));
        count.needs(!count.isRecorded() ? 3 * Count.bytes(inner) + 4 * Count.bytes(x)
                : count.target().kernels() ? Count.bytes(inner) + 4 * Count.bytes(x)
                : 3 * Count.bytes(inner) + 4L * count.target().wide() * x.numel());
        return count.made(x.shape());
    }

    @Override
    public Tensor recorded(Recording recording) {
        if (Stream.of(mlp.gate(), mlp.up(), mlp.down()).anyMatch(linear -> !LinearOp.serves(recording, linear, x))) {
            return recording.byAutograd(this);
        }
        var down = LinearOp.Gradients.of(recording, mlp.down());
        var gateUp = gradientsOfGateUp(recording);
        var x = recording.keep(this.x);
        var made = recording.hold(gateUp());
        recording.backward(dy -> {
            var dInner = dy.matmul(mlp.down().weight_OI().to(dy.dtype()));
            var inner = GatedProductOp.backwardInPlace(mlp.activation(), made.gate, made.up, dInner);
            down.add(inner, dy);
            inner.free();
            gateUp.accept(x, made);
        });
        return TensorScope.scoped(() -> mlp.down().apply(inner(made)));
    }

    /// @return takes what the layers were given, and the gradients of what they made
    private BiConsumer<Tensor, GateUp> gradientsOfGateUp(Recording recording) {
        if (mlp.gateUp().weight_XI() != null) {
            var gradients = JoinedLinearOp.Gradients.of(recording, mlp.gateUp(), x);
            return (x, of) -> gradients.add(x, Objects.requireNonNull(of.whole), _ -> true);
        }
        LinearOp.Gradients gate = LinearOp.Gradients.of(recording, mlp.gate()), up = LinearOp.Gradients.of(recording, mlp.up());
        var dx = recording.gradient(x);
        return (x, of) -> {
            gate.add(x, of.gate);
            up.add(x, of.up);
            if (dx != null) {
                var dtype = of.gate.dtype();
                dx.add(of.gate.matmul(mlp.gate().weight_OI().to(dtype)).add(of.up.matmul(mlp.up().weight_OI().to(dtype))));
            }
        };
    }
}
