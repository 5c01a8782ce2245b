package dev.fusedit.trainer.optim;

import static com.google.common.collect.ImmutableList.toImmutableList;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.FusedAdamW;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// AdamW over groups of weights with learning rates of their own, in mixed precision.
///
/// Where the model reads bf16, an f32 master learns in its place and is rounded into the model's tensor once a step; gradients are widened to
/// f32 before the norm is taken. A weight that got no gradient in a step is left alone, its decay included.
public final class AdamW implements AutoCloseable {
    private final TensorScope owned = TensorScope.holding();
    private final ImmutableList<Group> groups;
    private final FusedAdamW.Settings settings;
    private long steps;

    /// Weights that learn at one rate.
    public record Group(String name, ImmutableList<LearnedTensor> tensors) {}

    /// What a step found.
    ///
    /// @param gradientNorm Euclidean norm of the whole gradient before clipping
    public record Report(double gradientNorm) {}

    /// @param weights the model's tensors by group and name
    public AdamW(Map<String, Map<String, Tensor>> weights, FusedAdamW.Settings settings) {
        this.settings = settings;
        groups = weights.entrySet().stream().map(group -> new Group(group.getKey(), group.getValue().entrySet().stream()
                .map(weight -> LearnedTensor.of(weight.getKey(), weight.getValue(), owned)).collect(toImmutableList())))
                .collect(toImmutableList());
    }

    public ImmutableList<Group> groups() { return groups; }

    /// Steps taken; the bias correction counts from it.
    public long steps() { return steps; }

    /// Goes on from a saved state.
    public void resumeAt(long stepsTaken) { steps = stepsTaken; }

    /// Changes all weights by the gradients that have arrived, and clears these.
    ///
    /// @param rates learning rate by group name
    /// @param clip largest norm of the whole gradient; none for null
    public Report step(Map<String, Double> rates, @Nullable Double clip) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var arrived = new ArrayList<List<Tensor>>();
            var touched = new ArrayList<List<LearnedTensor>>();
            for (var group : groups) {
                var learned = group.tensors().stream().filter(tensor -> tensor.model().grad() != null).toList();
                touched.add(learned);
                arrived.add(gradients(learned));
            }
            var all = arrived.stream().flatMap(List::stream).toList();
            var norm = all.isEmpty() ? 0 : Foreach.norm(all).item();
            if (clip != null && norm > clip) {
                Foreach.mul(all, clip / (norm + 1e-6)); // the 1e-6 is torch.nn.utils.clip_grad_norm_'s
            }
            steps++;
            for (int i = 0; i < groups.size(); i++) {
                update(touched.get(i), arrived.get(i), rates.get(groups.get(i).name()));
            }
            return new Report(norm);
        }
    }

    private static List<Tensor> gradients(List<LearnedTensor> learned) {
        var narrow = learned.stream().filter(LearnedTensor::isCopied).toList();
        var widened = narrow.stream().map(tensor -> Tensor.empty(DType.F32, tensor.model().device(), tensor.model().shape())).toList();
        if (!narrow.isEmpty()) {
            Foreach.copy(widened, narrow.stream().map(tensor -> tensor.model().grad()).toList());
        }
        var next = widened.iterator();
        return learned.stream().map(tensor -> tensor.isCopied() ? next.next() : tensor.model().grad()).toList();
    }

    private void update(List<LearnedTensor> learned, List<Tensor> gradients, double rate) {
        FusedAdamW.step(learned.stream().map(LearnedTensor::master).toList(), gradients,
                learned.stream().map(LearnedTensor::firstMoment).toList(),
                learned.stream().map(LearnedTensor::secondMoment).toList(), steps, rate, settings);
        publish(learned);
        learned.forEach(tensor -> tensor.model().clearGrad());
    }

    private static void publish(List<LearnedTensor> learned) {
        var copied = learned.stream().filter(LearnedTensor::isCopied).toList();
        if (!copied.isEmpty()) {
            Foreach.copy(copied.stream().map(LearnedTensor::model).toList(), copied.stream().map(LearnedTensor::master).toList());
        }
    }

    /// Rounds all masters into the model's tensors: after they were loaded.
    public void publish() {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            groups.forEach(group -> publish(group.tensors()));
        }
    }

    /// Frees masters and moments; the model's tensors stay.
    @Override
    public void close() { owned.close(); }
}
