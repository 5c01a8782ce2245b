package dev.fusedit.nn.ops;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.fused.FusedSum;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Where the gradient of one value or parameter is added up, in the backward pass of a [RecordedOps].
///
/// What is given to [#add] must be read or written by nobody else from then on: later gradients are added to it in place.
public abstract sealed class GradAccumulator {
    /// Adds a gradient, of the value's shape and dtype.
    public void add(Tensor gradient) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var before = sum();
            if (before == null) {
                set(gradient);
            } else if (Fused.serves(before) && before.isContiguous()) {
                FusedSum.add(before, gradient);
            } else {
                set(before.add(gradient));
            }
        }
    }

    /// What is there, in a scope that outlives the caller's; null if nothing is.
    abstract @Nullable Tensor sum();

    abstract void set(Tensor gradient);

    /// What is there, for an op that adds to it in place; null if nothing is, or it is not contiguous.
    @Nullable
    Tensor inPlace() {
        var sum = sum();
        return sum != null && sum.isContiguous() ? sum : null;
    }

    /// Memory for an op to write a gradient to, which it then hands to [#add]: the value's own place where it has one.
    Tensor room(DType dtype, Device device, long... shape) { return Tensor.empty(dtype, device, shape); }

    /// Of a parameter, or of what a segment or a graph made: libtorch holds it.
    static final class Leaf extends GradAccumulator {
        private final Tensor leaf;

        /// @param leaf must stay open
        Leaf(Tensor leaf) { this.leaf = leaf; }

        @Override
        @Nullable
        Tensor sum() { return leaf.grad(); }

        @Override
        void set(Tensor gradient) { leaf.setGrad(gradient); }
    }

    /// Of a value between two ops.
    static final class Value extends GradAccumulator {
        private final TensorScope owner;
        private @Nullable Supplier<Tensor> home;
        private @Nullable Tensor gradient;

        /// @param owner of the gradient
        Value(TensorScope owner) { this.owner = owner; }

        /// @param place where the gradient is written first, if nothing is there yet
        void home(Supplier<Tensor> place) { home = place; }

        @Override
        @Nullable
        Tensor sum() { return gradient; }

        @Override
        void set(Tensor given) {
            var before = gradient;
            gradient = owner.hold(given.anotherHandle());
            if (before != null) {
                before.free();
            }
        }

        @Override
        Tensor room(DType dtype, Device device, long... shape) {
            return home == null || gradient != null ? super.room(dtype, device, shape) : home.get();
        }

        /// Takes the gradient out, which the innermost scope owns from then on.
        @Nullable
        Tensor take() {
            if (gradient == null) {
                return null;
            }
            var taken = gradient.anotherHandle();
            gradient.free();
            gradient = null;
            return taken;
        }
    }
}
