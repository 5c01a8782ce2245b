package dev.fusedit.trainer.step;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.optim.Gradients;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Finds the first tensor that went bad in a step, in the order in which it was computed: what flows through the models (once more, the
/// batch is still there), the losses, then the gradients from the last layer to the first, as the backward pass makes them.
public final class FirstBad {
    private @Nullable String name;

    private FirstBad() {}

    /// @param parts of this process's slice
    /// @param values of these parts
    /// @param gradients of the whole batch, or those that this process has the sums of
    /// @param ranks of which the first that finds one in its slice tells all
    public static <P> String of(Objective<?, P> objective, List<P> parts, LossValues values, Gradients gradients, Ranks ranks) {
        var search = new FirstBad();
        try (var _ = Autograd.noGrad()) {
            if (!values.isFinite()) {
                search.inForward(objective, parts);
                search.inLosses(values);
            }
            var told = search.first(ranks);
            if (!told.isEmpty()) return told;
            search.inGradients(gradients);
            told = search.first(ranks);
            return told.isEmpty() ? "the norm of all gradients" : told;
        }
    }

    private String first(Ranks ranks) { return ranks.first(name == null ? "" : name); }

    private <P> void inForward(Objective<?, P> objective, List<P> parts) {
        for (var part : parts) {
            try (var _ = TensorScope.open()) {
                objective.watch(part, this::look);
            }
        }
    }

    private void inLosses(LossValues values) {
        values.each().forEach((loss, value) -> {
            if (name == null && !Double.isFinite(value)) {
                name = "the loss '" + loss + "'";
            }
        });
    }

    private void inGradients(Gradients gradients) {
        List.copyOf(gradients.sums().entrySet()).reversed().forEach(this::lookAtGradient);
    }

    private void lookAtGradient(Map.Entry<String, Tensor> gradient) { look("the gradient of " + gradient.getKey(), gradient.getValue()); }

    private void look(String what, Tensor value) {
        try (var _ = TensorScope.open()) {
            if (name == null && value.isFinite().all().itemLong() == 0) {
                name = what;
            }
        }
    }
}
