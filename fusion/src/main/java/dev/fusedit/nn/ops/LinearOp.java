package dev.fusedit.nn.ops;

import dev.fusedit.nn.Linear;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// y = x · Wᵀ + b.
///
///     ∂x = ∂y · W,  ∂W = ∂yᵀ · x,  ∂b = Σ ∂y
///
/// @param x (…, I)
record LinearOp(Linear linear, Tensor x) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() { return Stream.concat(Stream.of(x, linear.weight_OI()), Stream.ofNullable(linear.bias_O())); }

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
        shape[shape.length - 1] = linear.weight_OI().size(0);
        return count.made(shape);
    }

    @Override
    public Tensor recorded(Recording recording) {
        if (linear.weight_OI().dtype() != x.dtype()) {
            return recording.byAutograd(this);
        }
        var dx = recording.gradient(x);
        var parameters = Gradients.of(recording, linear);
        var x = parameters.weight() == null ? this.x : recording.keep(this.x);
        recording.backward(dy -> {
            parameters.add(x, dy);
            if (dx != null) {
                dx.add(dy.matmul(linear.weight_OI()));
            }
        });
        return inference();
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
