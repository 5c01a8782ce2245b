package dev.fusedit.nn.ops;

import dev.fusedit.nn.Activation;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.Fused;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// The middle of a gated MLP whose layers are ops of their own: h = act(g) · u.
///
///     ∂g = ∂h · u · act′(g),  ∂u = ∂h · act(g)
///
/// @param gate g, (…, I)
/// @param up u, the same
record GatedProductOp(Activation activation, Tensor gate, Tensor up) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() { return Stream.of(gate, up); }

    @Override
    public GatedProductOp over(UnaryOperator<Tensor> each) { return new GatedProductOp(activation, each.apply(gate), each.apply(up)); }

    @Override
    public Tensor autograd() { return activation.apply(gate).mul(up); }

    @Override
    public Tensor inference() { return forward(activation, gate, up); }

    @Override
    public Tensor counted(Count count) {
        var kept = Count.bytes(gate);
        count.keep(gate);
        count.keep(up);
        if (!count.target().kernels()) count.keepOwn(kept); // libtorch's graph also keeps the gate's activation
        count.needs(count.isRecorded() ? 3 * kept : kept);
        return count.made(gate.shape());
    }

    @Override
    public Tensor recorded(Recording recording) {
        var dGate = recording.gradient(gate);
        var dUp = recording.gradient(up);
        Tensor gate = recording.keep(this.gate), up = recording.keep(this.up);
        recording.backward(dy -> {
            Tensor ofGate = gate.copy(), ofUp = up.copy();
            backwardInPlace(activation, ofGate, ofUp, dy);
            if (dGate != null) dGate.add(ofGate);
            if (dUp != null) dUp.add(ofUp);
        });
        return inference();
    }

    /// act(g) · u
    static Tensor forward(Activation activation, Tensor gate, Tensor up) {
        var fused = activation.fused();
        return fused != null && Fused.serves(gate) ? fused.forward(gate, up) : activation.apply(gate).mul(up);
    }

    /// Gate and up become their gradients.
    ///
    /// @param dInner ∂h; may be written over
    /// @return h
    static Tensor backwardInPlace(Activation activation, Tensor gate, Tensor up, Tensor dInner) {
        var fused = activation.fused();
        if (fused != null && Fused.serves(gate)) {
            fused.backwardInPlace(gate, up, dInner);
            return dInner;
        }
        return TensorScope.scoped(() -> {
            Tensor ofGate = gate.detach().requiresGrad(true), ofUp = up.detach().requiresGrad(true), inner;
            try (var _ = Autograd.withGrad()) {
                inner = activation.apply(ofGate).mul(ofUp);
            }
            Autograd.backward(inner, dInner);
            gate.copyInPlace(Objects.requireNonNull(ofGate.grad()));
            up.copyInPlace(Objects.requireNonNull(ofUp.grad()));
            return inner.detach();
        });
    }
}
