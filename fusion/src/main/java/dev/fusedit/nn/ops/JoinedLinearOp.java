package dev.fusedit.nn.ops;

import dev.fusedit.nn.JoinedLinear;
import dev.fusedit.nn.Linear;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Linear layers of the same input by one matmul, (y₁ y₂ …) = x · (W₁; W₂; …)ᵀ:
///
///     ∂x = (∂y₁ ∂y₂ …) · (W₁; W₂; …),  ∂(W₁; W₂; …) = (∂y₁ ∂y₂ …)ᵀ · x
///
/// The parts are views of one memory, and so are their gradients.
///
/// @param joined is whole for x's dtype
/// @param x (…, I)
record JoinedLinearOp(JoinedLinear joined, Tensor x) implements Op<Parts> {
    @Override
    public Stream<Tensor> reads() { return Stream.concat(Stream.of(x), joined.parts().stream().map(Linear::weight_OI)); }

    @Override
    public JoinedLinearOp over(UnaryOperator<Tensor> each) { return new JoinedLinearOp(joined, each.apply(x)); }

    @Override
    public Parts autograd() { return new Parts(joined.parts().stream().map(part -> part.apply(x)).toList()); }

    @Override
    public Parts inference() { return parts(x.linear(joined.whole_XI(), null)); }

    private Parts parts(Tensor whole) {
        return new Parts(IntStream.range(0, joined.parts().size()).mapToObj(i -> joined.part(whole, i)).toList());
    }

    @Override
    public Parts counted(Count count) {
        var shape = x.shape();
        shape[shape.length - 1] = joined.width();
        var whole = count.made(shape);
        var parts = new ArrayList<Tensor>();
        for (var part : joined.parts()) {
            count.matmul(x, part.weight_OI());
            if (count.learns(part.weight_OI())) {
                count.keep(x);
            }
            shape[shape.length - 1] = part.weight_OI().size(0);
            parts.add(count.view(whole, shape));
        }
        return new Parts(parts);
    }

    @Override
    public Parts recorded(Recording recording) {
        var gradients = Gradients.of(recording, joined, x);
        var x = gradients.ofWeights() ? recording.keep(this.x) : this.x;
        var whole = this.x.linear(joined.whole_XI(), null);
        var shape = whole.shape();
        var dWhole = new Object() {
            @Nullable
            Tensor whole;

            Tensor whole() {
                if (whole == null) {
                    whole = recording.hold(Tensor.empty(joined.whole_XI().dtype(), joined.whole_XI().device(), shape));
                }
                return whole;
            }
        };
        recording.homes(IntStream.range(0, joined.parts().size())
                .<Supplier<Tensor>>mapToObj(i -> () -> joined.part(dWhole.whole(), i)).toList());
        recording.backwardOfAll(dys -> {
            for (int i = 0; i < dys.size(); i++) {
                var place = joined.part(dWhole.whole(), i);
                var dy = dys.get(i);
                if (dy == null) {
                    place.fillInPlace(0);
                } else if (!dy.beginsWith(place)) {
                    place.copyInPlace(dy);
                }
            }
            gradients.add(x, dWhole.whole(), i -> dys.get(i) != null);
        });
        return parts(whole);
    }

    /// Where the gradients of joined layers and of their input go.
    record Gradients(JoinedLinear joined, List<@Nullable GradAccumulator> weights, @Nullable GradAccumulator dx) {
        static Gradients of(Recording recording, JoinedLinear joined, Tensor x) {
            var weights = new ArrayList<@Nullable GradAccumulator>();
            joined.parts().forEach(part -> weights.add(recording.gradient(part.weight_OI())));
            return new Gradients(joined, weights, recording.gradient(x));
        }

        boolean ofWeights() { return weights.stream().anyMatch(Objects::nonNull); }

        /// @param x (…, I), what the layers were given
        /// @param dy (…, X)
        /// @param reached whether a part's output got a gradient
        void add(Tensor x, Tensor dy, java.util.function.IntPredicate reached) {
            var wanted = IntStream.range(0, weights.size()).filter(i -> weights.get(i) != null && reached.test(i)).toArray();
            if (wanted.length > 0) {
                try (var _ = TensorScope.open()) {
                    var gradient = dy.reshape(-1, dy.size(-1)).transpose(0, 1).matmul(x.reshape(-1, x.size(-1)));
                    for (int i : wanted) {
                        Objects.requireNonNull(weights.get(i)).add(joined.rows(gradient, i));
                    }
                }
            }
            if (dx != null) {
                dx.add(dy.matmul(joined.whole_XI().to(dy.dtype())));
            }
        }
    }
}
