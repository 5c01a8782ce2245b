package dev.fusedit.nn.ops;

import dev.fusedit.nn.Linear;
import dev.fusedit.nn.LoraAdapter;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// y = x · Wᵀ + b, and with an adapter + s · u · Bᵀ, u = x′ · Aᵀ, x′ = x ∘ mask ([dev.fusedit.nn.LoraAdapter]).
///
///     ∂x = ∂y · W,  ∂W = ∂yᵀ · x,  ∂b = Σ ∂y
///     ∂B = s · ∂yᵀ · u,  ∂u = s · ∂y · B,  ∂A = ∂uᵀ · x′,  ∂x += (∂u · A) ∘ mask
///
/// @param x (…, I)
record LinearOp(Linear linear, Tensor x) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() {
        var own = Stream.concat(Stream.of(x, linear.weight_OI()), Stream.ofNullable(linear.bias_O()));
        var lora = linear.lora();
        return lora == null ? own : Stream.concat(own, Stream.of(lora.a_RI(), lora.b_OR()));
    }

    @Override
    public LinearOp over(UnaryOperator<Tensor> each) { return new LinearOp(linear, each.apply(x)); }

    @Override
    public Tensor autograd() { return linear.apply(x); }

    @Override
    public Tensor inference() { return linear.apply(x); }

    @Override
    public Tensor counted(Count count) {
        count.matmul(x, linear.weight_OI());
        if (count.learns(linear.weight_OI())) {
            count.keep(x);
        }
        var shape = x.shape();
        var lora = linear.lora();
        if (lora != null) {
            shape[shape.length - 1] = lora.a_RI().size(0);
            var inner = count.made(shape);
            count.matmul(x, lora.a_RI());
            if (count.learns(lora.a_RI()) || count.learns(lora.b_OR())) {
                count.learn(inner);
                count.keep(inner);
                count.keep(x);
                if (lora.dropout() > 0) count.keepOwn(2 * Count.bytes(x));
            }
            count.matmul(inner, lora.b_OR());
        }
        shape[shape.length - 1] = linear.weight_OI().size(0);
        return count.made(shape);
    }

    @Override
    public Tensor recorded(Recording recording) {
        if (linear.weight_OI().dtype() != x.dtype() || linear.lora() != null && linear.lora().a_RI().dtype() != x.dtype()) {
            return recording.byAutograd(this);
        }
        var dx = recording.gradient(x);
        var parameters = Gradients.of(recording, linear);
        var adapter = linear.lora() == null ? null : LoraRecord.of(recording, linear.lora(), x, dx);
        var x = parameters.weight() == null ? this.x : recording.keep(this.x);
        recording.backward(dy -> {
            parameters.add(x, dy);
            if (dx != null) {
                dx.add(dy.matmul(linear.weight_OI()));
            }
            if (adapter != null) {
                adapter.backward(dy);
            }
        });
        return adapter == null ? inference() : TensorScope.scoped(() -> linear.plain(this.x).add(adapter.made()));
    }

    /// An adapter on the tape.
    ///
    /// @param input x′
    /// @param inner u
    /// @param mask null where nothing is left out
    /// @param a where A's gradient goes; null if it needs none, likewise the others
    private record LoraRecord(LoraAdapter lora, Tensor input, Tensor inner, @Nullable Tensor mask, @Nullable GradAccumulator a,
            @Nullable GradAccumulator b, @Nullable GradAccumulator dx) {
        static LoraRecord of(Recording recording, LoraAdapter lora, Tensor x, @Nullable GradAccumulator dx) {
            var mask = lora.mask(x);
            var input = mask == null ? recording.keep(x) : recording.hold(x.mul(mask));
            return new LoraRecord(lora, input, recording.hold(input.linear(lora.a_RI(), null)), mask == null ? null : recording.hold(mask),
                    recording.gradient(lora.a_RI()), recording.gradient(lora.b_OR()), dx);
        }

        Tensor made() { return TensorScope.scoped(() -> inner.linear(lora.b_OR(), null).mul(lora.scaling())); }

        void backward(Tensor dy) {
            try (var _ = TensorScope.open()) {
                var rows = dy.reshape(-1, dy.size(-1));
                if (b != null) {
                    b.add(rows.transpose(0, 1).matmul(inner.reshape(-1, inner.size(-1))).mul(lora.scaling()));
                }
                var dInner = dy.matmul(lora.b_OR()).mul(lora.scaling());
                if (a != null) {
                    a.add(dInner.reshape(-1, dInner.size(-1)).transpose(0, 1).matmul(input.reshape(-1, input.size(-1))));
                }
                if (dx != null) {
                    var masked = dInner.matmul(lora.a_RI());
                    dx.add(mask == null ? masked : masked.mul(mask));
                }
            }
        }
    }

    /// Where a layer's gradients go.
    ///
    /// @param weight null if it needs none
    /// @param bias likewise, or there is none
    record Gradients(Linear linear, @Nullable GradAccumulator weight, @Nullable GradAccumulator bias) {
        static Gradients of(Recording recording, Linear linear) {
            return new Gradients(linear, recording.gradient(linear.weight_OI()), recording.gradient(linear.bias_O()));
        }

        /// @param x (…, I), what the layer was given
        /// @param dy (…, O)
        void add(Tensor x, Tensor dy) {
            try (var _ = TensorScope.open()) {
                var rows = dy.reshape(-1, dy.size(-1));
                if (weight != null) {
                    weight.add(rows.transpose(0, 1).matmul(x.reshape(-1, x.size(-1))));
                }
                if (bias != null) {
                    bias.add(rows.to(Objects.requireNonNull(linear.bias_O()).dtype()).sum(false, 0));
                }
            }
        }
    }
}
