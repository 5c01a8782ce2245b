package dev.fusedit.trainer.optim;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.recipe.Stop;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Whether a stage has learned enough, or learns no more, by the mean loss of its last `window` steps.
public final class StopRule {
    private final Stop rule;
    private State state;

    /// What it has seen, for checkpoints.
    ///
    /// @param losses of the last steps, the oldest first
    /// @param best least mean so far; null before the first one
    /// @param waited steps since it was found
    public record State(List<Double> losses, @Nullable Double best, int waited) {
        public static final State NOTHING = new State(List.of(), null, 0);

        public State {
            losses = ImmutableList.copyOf(losses);
        }
    }

    public StopRule(Stop rule, State state) {
        this.rule = rule;
        this.state = state;
    }

    public State state() { return state; }

    /// Takes a step's loss in.
    public void saw(double loss) {
        var losses = new ArrayList<>(state.losses);
        losses.add(loss);
        if (losses.size() > rule.window()) {
            losses.removeFirst();
        }
        if (losses.size() < rule.window()) {
            state = new State(losses, null, 0);
            return;
        }
        double mean = mean(losses);
        boolean better = state.best == null || mean < state.best * (1 - rule.improvement());
        state = new State(losses, better ? Double.valueOf(mean) : state.best, better ? 0 : state.waited + 1);
    }

    /// Whether the stage is to end here.
    public boolean isMet() {
        if (state.losses.size() < rule.window()) {
            return false;
        }
        return rule.lossBelow() != null && mean(state.losses) < rule.lossBelow()
                || rule.patience() != null && state.waited >= rule.patience();
    }

    private static double mean(List<Double> losses) { return losses.stream().mapToDouble(Double::doubleValue).average().orElseThrow(); }
}
