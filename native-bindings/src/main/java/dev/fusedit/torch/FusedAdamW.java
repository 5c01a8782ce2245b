package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.ops.Aten;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One step of AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) over many tensors in one kernel, as `torch.optim.AdamW(fused=True)`.
public final class FusedAdamW {
    /// What does not change with the step.
    ///
    /// @param eps added to the root of the second moment
    /// @param weightDecay decoupled: each step takes `learningRate · weightDecay` of a weight away
    public record Settings(double beta1, double beta2, double eps, double weightDecay) {}

    private FusedAdamW() {}

    /// Changes weights and moments in place. All lists run in parallel, all tensors are f32 (or all f64).
    ///
    /// @throws IllegalArgumentException if what belongs to a weight has another shape
    ///
    /// @param step the number of this step, counted from 1
    public static void step(List<Tensor> weights, List<Tensor> gradients, List<Tensor> firstMoments, List<Tensor> secondMoments, long step,
            double learningRate, Settings settings) {
        step(weights, gradients, firstMoments, secondMoments, Collections.nCopies(weights.size(), step), learningRate, settings);
    }

    /// As above, for weights that have not all taken the same number of steps.
    ///
    /// @param steps the number of this step for each weight, counted from 1
    public static void step(List<Tensor> weights, List<Tensor> gradients, List<Tensor> firstMoments, List<Tensor> secondMoments,
            List<Long> steps, double learningRate, Settings settings) {
        step(weights, gradients, firstMoments, secondMoments, steps, learningRate, settings, null);
    }

    /// As above, where the device decides whether anything is changed.
    ///
    /// @param foundInf 0-dim, f32, on the weights' device: 1 for a step that changes nothing, else 0; null for one that is taken
    public static void step(List<Tensor> weights, List<Tensor> gradients, List<Tensor> firstMoments, List<Tensor> secondMoments,
            List<Long> steps, double learningRate, Settings settings, @Nullable Tensor foundInf) {
        if (weights.isEmpty()) {
            return;
        }
        for (var list : List.of(gradients, firstMoments, secondMoments)) {
            requireLike(weights, list);
        }
        try (var _ = TensorScope.open()) {
            var counters = new HashMap<Long, Tensor>(); // the kernel reads one a weight; those of the same number read the same
            steps.forEach(step -> counters.computeIfAbsent(step, number -> Tensor.full(number, DType.F32, weights.getFirst().device())));
            Frame.begin(Aten.FUSED_ADAMW).tensors(weights).tensors(gradients).tensors(firstMoments)
                    .tensors(secondMoments)
                    .tensors(List.of()).tensors(steps.stream().map(counters::get).toList()).f64(learningRate)
                    .f64(settings.beta1())
                    .f64(settings.beta2()).f64(settings.weightDecay()).f64(settings.eps()).bool(false).bool(false).none()
                    .optionalTensor(foundInf).callForWord();
        }
    }

    /// libtorch's kernel takes it that all have the weight's number of elements, and goes on beyond the end of those that do not.
    private static void requireLike(List<Tensor> weights, List<Tensor> others) {
        checkArgument(others.size() == weights.size(), "%s tensors for %s weights", others.size(), weights.size());
        for (int i = 0; i < weights.size(); i++) {
            checkArgument(Arrays.equals(weights.get(i).shape(), others.get(i).shape()), "weight %s has shape %s, what belongs to it %s", i,
                    Arrays.toString(weights.get(i).shape()), Arrays.toString(others.get(i).shape()));
        }
    }
}
