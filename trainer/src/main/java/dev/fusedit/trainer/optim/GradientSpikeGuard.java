package dev.fusedit.trainer.optim;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.recipe.GradientSpikes;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;

/// Guards against gradient spikes by a running median of gradient norms: a spike is more than `over` times the median of the last steps.
///
/// Huge norms are remembered too. A single one does not move the median; where all norms have become larger, half a window later the new
/// size is the usual one, and training goes on.
public final class GradientSpikeGuard {
    private final GradientSpikes rule;
    private final Deque<Double> norms;

    /// @param norms of the last steps, the oldest first
    public GradientSpikeGuard(GradientSpikes rule, Collection<Double> norms) {
        this.rule = rule;
        this.norms = new ArrayDeque<>(norms);
    }

    /// What a step's gradient is to be multiplied by, where it is: 1 for a usual one, 0 for one that is left out, else what shrinks it to the
    /// median.
    ///
    /// @param norm_ f64, 0-dim, as the result
    public Tensor factor(Tensor norm_) {
        return TensorScope.scoped(() -> {
            var one = Tensor.ones(DType.F64, norm_.device());
            if (norms.size() < rule.window()) return one;
            double median = median();
            return norm_.le(rule.over() * median).where(one, switch (rule.action()) {
                case SKIP -> Tensor.zeros(DType.F64, norm_.device());
                case SHRINK -> Tensor.full(median, DType.F64, norm_.device()).div(norm_);
            });
        });
    }

    /// Takes a step's norm in, which was finite.
    public void saw(double norm) {
        norms.addLast(norm);
        if (norms.size() > rule.window()) {
            norms.removeFirst();
        }
    }

    private double median() {
        var sorted = norms.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /// For a checkpoint: the oldest first.
    public List<Double> norms() { return ImmutableList.copyOf(norms); }
}
