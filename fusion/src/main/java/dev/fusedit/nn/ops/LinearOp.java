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
            boolean learns = count.learns(lora.a_RI()) || count.learns(lora.b_OR()), masked = lora.dropout() > 0 && count.isRecorded();
            if (learns || count.learns(x)) count.learn(inner);
            if (learns) count.keep(inner);
            if (learns && !masked) count.keep(x);
            if (masked) count.keepOwn((learns ? 2 : 1) * Count.bytes(x)); // x′, mask
            count.matmul(inner, lora.b_OR());
        }
        shape[shape.length - 1] = linear.weight_OI().size(0);
        return count.made(shape);
    }

    @Override
    public Tensor recorded(Recording recording) {
        if (!serves(recording, linear, x) || linear.lora() != null && linear.lora().a_RI().dtype() != x.dtype()) {
            return recording.byAutograd(this);
        }
        var dx = recording.gradient(x);
        var parameters = Gradients.of(recording, linear);
        var adapter = linear.lora() == null ? null : LoraRecord.of(recording, linear.lora(), x, dx);
        var x = parameters.weight() == null ? this.x : recording.keep(this.x);
        recording.backward(dy -> {
            parameters.add(x, dy);
            if (dx != null) {
                dx.add(dy.matmul(linear.weight_OI().to(dy.dtype())));
            }
            if (adapter != null) {
                adapter.backward(dy);
            }
        });
        return adapter == null ? inference() : TensorScope.scoped(() -> linear.plain(this.x).add(adapter.made));
    }

    /// Whether a layer's weight is of x's dtype, or frozen and held in another, from which it is turned once forward and once back: libtorch's
    /// graph would keep what it was turned to.
    static boolean serves(Recording recording, Linear linear, Tensor x) {
        return linear.weight_OI().dtype() == x.dtype() || recording.gradient(linear.weight_OI()) == null;
    }

    /// An adapter on the tape.
    ///
    /// @param input x′; null if neither A nor B needs a gradient, likewise u
    /// @param mask null where nothing is left out, or x needs no gradient
    /// @param a where A's gradient goes; null if it needs none, likewise the others
    private record LoraRecord(LoraAdapter lora, Tensor made, @Nullable Tensor input, @Nullable Tensor inner, @Nullable Tensor mask,
            @Nullable GradAccumulator a, @Nullable GradAccumulator b, @Nullable GradAccumulator dx) {
        static LoraRecord of(Recording recording, LoraAdapter lora, Tensor x, @Nullable GradAccumulator dx) {
            @Nullable GradAccumulator a = recording.gradient(lora.a_RI()), b = recording.gradient(lora.b_OR());
            boolean learns = a != null || b != null;
            var mask = lora.mask(x);
            var input = mask == null ? x : x.mul(mask);
            var inner = input.linear(lora.a_RI(), null);
            var made = inner.linear(lora.b_OR(), null).mul(lora.scaling());
            return new LoraRecord(lora, made, learns ? recording.keep(input) : null, learns ? recording.keep(inner) : null,
                    dx == null ? null : recording.keepNullable(mask), a, b, dx);
        }

        void backward(Tensor dy) {
            try (var _ = TensorScope.open()) {
                if (b != null) {
                    b.add(rows(dy).transpose(0, 1).matmul(rows(Objects.requireNonNull(inner))).mul(lora.scaling()));
                }
                var dInner = dy.matmul(lora.b_OR()).mul(lora.scaling());
                if (a != null) {
                    a.add(rows(dInner).transpose(0, 1).matmul(rows(Objects.requireNonNull(input))));
                }
                if (dx != null) {
                    var masked = dInner.matmul(lora.a_RI());
                    dx.add(mask == null ? masked : masked.mul(mask));
                }
            }
        }

        private static Tensor rows(Tensor x) { return x.reshape(-1, x.size(-1)); }
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
