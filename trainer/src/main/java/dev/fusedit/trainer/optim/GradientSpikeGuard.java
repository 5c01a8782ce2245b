package dev.fusedit.trainer.optim;

import com.google.common.collect.ImmutableList;
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

    /// What a step's gradient is to be multiplied by: 1 for a usual one, 0 for one that is left out, else what shrinks it to the median.
    public double factor(double norm) {
        double factor = norms.size() < rule.window() ? 1 : factor(norm, median());
        norms.addLast(norm);
        if (norms.size() > rule.window()) {
            norms.removeFirst();
        }
        return factor;
    }

    private double factor(double norm, double median) {
        if (norm <= rule.over() * median) {
            return 1;
        }
        return switch (rule.action()) {
            case SKIP -> 0;
            case SHRINK -> median / norm;
        };
    }

    private double median() {
        var sorted = norms.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /// For a checkpoint: the oldest first.
    public List<Double> norms() { return ImmutableList.copyOf(norms); }
}
