package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.ops.Aten;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;

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
        if (weights.isEmpty()) {
            return;
        }
        try (var _ = TensorScope.open()) {
            var counters = new HashMap<Long, Tensor>(); // the kernel reads one a weight; those of the same number read the same
            steps.forEach(step -> counters.computeIfAbsent(step, number -> Tensor.full(number, DType.F32).to(weights.getFirst().device())));
            Frame.begin(Aten.FUSED_ADAMW).tensors(weights).tensors(gradients).tensors(firstMoments)
                    .tensors(secondMoments)
                    .tensors(List.of()).tensors(steps.stream().map(counters::get).toList()).f64(learningRate)
                    .f64(settings.beta1())
                    .f64(settings.beta2()).f64(settings.weightDecay()).f64(settings.eps()).bool(false).bool(false).none().none()
                    .callForWord();
        }
    }
}
