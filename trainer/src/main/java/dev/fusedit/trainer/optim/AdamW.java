package dev.fusedit.trainer.optim;

import static com.google.common.collect.ImmutableList.toImmutableList;

import com.google.common.collect.ImmutableList;
import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.FusedAdamW;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// AdamW over groups of parameters with learning rates of their own.
///
/// Where a layer computes in bf16, the f32 master learns, and the gradient is widened to f32 before the norm is taken. A parameter that
/// got no gradient in a step is left alone, its decay included.
public final class AdamW implements AutoCloseable {
    private final TensorScope owned = TensorScope.holding();
    private final ImmutableList<Group> groups;
    private final FusedAdamW.Settings settings;
    private long steps;

    /// Parameters that learn at one rate.
    public record Group(String name, ImmutableList<Learned> parameters) {}

    /// A parameter and what AdamW remembers of its gradients: the moving means of them and of their squares.
    public record Learned(Parameter parameter, Tensor firstMoment, Tensor secondMoment) {}

    /// What a step found.
    ///
    /// @param gradientNorm Euclidean norm of the whole gradient before clipping
    public record Report(double gradientNorm) {}

    /// @param parameters by group
    public AdamW(Map<String, List<Parameter>> parameters, FusedAdamW.Settings settings) {
        this.settings = settings;
        groups = parameters.entrySet().stream()
                .map(group -> new Group(group.getKey(), group.getValue().stream().map(this::learned).collect(toImmutableList())))
                .collect(toImmutableList());
    }

    private Learned learned(Parameter parameter) {
        try (var _ = TensorScope.open()) {
            var master = parameter.master();
            return new Learned(parameter, owned.hold(Tensor.zeros(master.dtype(), master.device(), master.shape())),
                    owned.hold(Tensor.zeros(master.dtype(), master.device(), master.shape())));
        }
    }

    public ImmutableList<Group> groups() { return groups; }

    /// Steps taken; the bias correction counts from it.
    public long steps() { return steps; }

    /// Goes on from a saved state.
    public void resumeAt(long stepsTaken) { steps = stepsTaken; }

    /// Changes all masters by the gradients that have arrived; nothing at all if their norm is not finite.
    ///
    /// @param rates learning rate by group name
    /// @param clip largest norm of the whole gradient; none for null
    public Report step(Map<String, Double> rates, @Nullable Double clip) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var touched = groups.stream().map(AdamW::arrived).toList();
            var all = touched.stream().flatMap(List::stream).map(Arrived::gradient).toList();
            var norm = all.isEmpty() ? 0 : Foreach.norm(all).item();
            if (!Double.isFinite(norm)) {
                return new Report(norm);
            }
            if (clip != null && norm > clip) {
                Foreach.mul(all, clip / (norm + 1e-6)); // the 1e-6 is torch.nn.utils.clip_grad_norm_'s
            }
            steps++;
            for (int i = 0; i < groups.size(); i++) {
                update(touched.get(i), rates.get(groups.get(i).name()));
            }
            return new Report(norm);
        }
    }

    private record Arrived(Learned learned, Tensor gradient) {}

    private static List<Arrived> arrived(Group group) {
        var arrived = new ArrayList<Arrived>();
        for (var learned : group.parameters()) {
            var gradient = learned.parameter().gradient();
            if (gradient != null) {
                arrived.add(new Arrived(learned, gradient));
            }
        }
        return arrived;
    }

    private void update(List<Arrived> arrived, double rate) {
        FusedAdamW.step(arrived.stream().map(a -> a.learned().parameter().master()).toList(),
                arrived.stream().map(Arrived::gradient).toList(),
                arrived.stream().map(a -> a.learned().firstMoment()).toList(),
                arrived.stream().map(a -> a.learned().secondMoment()).toList(), steps,
                rate, settings);
    }

    /// Frees the moments.
    @Override
    public void close() { owned.close(); }
}
