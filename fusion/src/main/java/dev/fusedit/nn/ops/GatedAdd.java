package dev.fusedit.nn.ops;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.fused.FusedSum;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// y = x + gate · change, a residual connection.
///
///     ∂x = ∂y,  ∂change = gate · ∂y,  ∂gate = Σ_tokens change · ∂y
///
/// @param x (B, N, C)
/// @param gate (B or 1, 1, C or 1); null for 1
record GatedAdd(Tensor x, Tensor change, @Nullable Tensor gate) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() { return Stream.concat(Stream.of(x, change), Stream.ofNullable(gate)); }

    @Override
    public GatedAdd over(UnaryOperator<Tensor> each) {
        return new GatedAdd(each.apply(x), each.apply(change), gate == null ? null : each.apply(gate));
    }

    @Override
    public Tensor autograd() { return x.add(gate == null ? change : change.mul(gate.to(x.dtype()))); }

    @Override
    public Tensor inference() { return gate != null && Fused.serves(x) ? FusedSum.forward(x, change, whole(gate, x)) : autograd(); }

    /// As wide as x.
    private static Tensor whole(Tensor gate, Tensor x) {
        return gate.size(2) == x.size(2) ? gate : gate.expand(gate.size(0), 1, x.size(2)).contiguous();
    }

    @Override
    public Tensor counted(Count count) {
        if (gate != null) {
            count.keep(change);
            count.keepWithWhole(gate);
        }
        return count.made(x.shape());
    }

    @Override
    public Tensor recorded(Recording recording) {
        if (gate != null && !Fused.serves(x)) {
            return recording.byAutograd(this);
        }
        @Nullable GradAccumulator dx = recording.gradient(x), dChange = recording.gradient(change);
        if (gate == null) {
            recording.backward(dy -> {
                if (dx != null) {
                    dx.add(dChange == null || dx.sum() != null ? dy : dy.copy()); // each its own memory
                }
                if (dChange != null) {
                    dChange.add(dy);
                }
            });
            return inference();
        }
        var dGate = recording.gradient(gate);
        Tensor change = recording.keep(this.change), gate = recording.keep(this.gate);
        recording.backward(dy -> {
            if (dChange != null || dGate != null) {
                var into = Tensor.empty(dy.dtype(), dy.shape());
                var gradient = FusedSum.backward(change, dy, whole(gate, dy), into);
                if (dChange != null) {
                    dChange.add(into);
                }
                if (dGate != null) {
                    dGate.add(gate.size(2) == dy.size(2) ? gradient : gradient.sum(true, -1));
                }
            }
            if (dx != null) {
                dx.add(dy);
            }
        });
        return inference();
    }
}
