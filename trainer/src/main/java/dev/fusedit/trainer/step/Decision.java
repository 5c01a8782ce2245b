package dev.fusedit.trainer.step;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import dev.fusedit.trainer.optim.GradientSpikeGuard;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What becomes of a step, decided where its losses and its gradient are:
///
///     finite = the loss and the norm are
///     share  = what the spike guard makes of the norm: 1 for a usual one
///     factor = share · min(1, grad_clip / (share · norm + 1e-6))
///
/// The one place where gradients are clipped; the 1e-6 is `torch.nn.utils.clip_grad_norm_`'s. All are 0-dim and f64, with the bits that
/// Java's arithmetic has.
///
/// @param finite bool
record Decision(LossTensors losses, Tensor norm_, Tensor finite, Tensor share_, Tensor factor_) implements Tensors {
    /// @param norm_ of the gradient, not scaled
    /// @param clip largest norm; none if null
    static Decision of(LossTensors losses, Tensor norm_, @Nullable GradientSpikeGuard guard, @Nullable Double clip) {
        return TensorScope.scoped(() -> {
            var one = Tensor.ones(DType.F64, norm_.device());
            var share_ = guard == null ? one.copy() : guard.factor(norm_);
            var shrunk_ = norm_.mul(share_);
            var clipped_ = clip == null ? one
                    : shrunk_.le(clip).where(one, Tensor.full(clip, DType.F64, norm_.device()).div(shrunk_.add(1e-6)));
            return new Decision(losses, norm_, losses.total().isFinite().logicalAnd(norm_.isFinite()), share_, share_.mul(clipped_));
        });
    }

    /// Whether the step changes anything: bool.
    Tensor taken() { return TensorScope.scoped(() -> finite.logicalAnd(share_.ne(0.0))); }

    /// Of the losses, in their order among the numbers.
    List<String> names() { return List.copyOf(losses.each().keySet()); }

    /// All of it in one vector, for [Numbers#of].
    Tensor numbers_N() {
        return TensorScope.scoped(() -> {
            var all = new ArrayList<>(List.of(losses.total(), norm_, finite.to(DType.F64), share_, factor_));
            all.addAll(losses.each().values());
            return Tensor.stack(0, all);
        });
    }

    /// The same as Java has read it.
    record Numbers(LossValues losses, double norm, boolean finite, double share, double factor) {
        static Numbers of(double[] read, List<String> names) {
            var each = ImmutableMap.<String, Double>builder();
            for (int i = 0; i < names.size(); i++) each.put(names.get(i), read[5 + i]);
            return new Numbers(new LossValues(read[0], each.buildOrThrow()), read[1], read[2] != 0, read[3], read[4]);
        }
    }

    @Override
    public Stream<Tensor> tensors() { return Stream.concat(losses.tensors(), Stream.of(norm_, finite, share_, factor_)); }
}
