package dev.fusedit.trainer.optim;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.fusedit.torch.FusedAdamW;
import dev.fusedit.torch.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;

/// Adam with decoupled weight decay ([Loshchilov and Hutter 2019](https://arxiv.org/abs/1711.05101), algorithm 2), in libtorch's fused
/// kernel:
///
///     m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
///     w ← w − rate · decay · w − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + eps)
///
/// t counts the steps of each weight: one that unfreezes later begins at 1.
public record AdamW(double beta1, double beta2, double eps, OptimizerState optimizerState) implements Optimizer {
    private static final String FIRST = "exp_avg";
    private static final String SECOND = "exp_avg_sq";

    private record Rate(double rate, double decay) {}

    @Override
    public void step(List<Update> updates, Gate gate) {
        var byRate = updates.stream().collect(groupingBy(update -> new Rate(update.rate(), update.decay()), LinkedHashMap::new, toList()));
        try (var _ = TensorScope.open()) {
            var foundInf = gate.foundInf();
            byRate.forEach((rate, some) -> FusedAdamW.step(
                    some.stream().map(Update::weight).toList(),
                    some.stream().map(Update::gradient).toList(),
                    some.stream().map(update -> optimizerState.get(update, FIRST)).toList(),
                    some.stream().map(update -> optimizerState.get(update, SECOND)).toList(),
                    some.stream().map(update -> optimizerState.nextStep(update.parameter())).toList(),
                    rate.rate, new FusedAdamW.Settings(beta1, beta2, eps, rate.decay), foundInf));
        }
    }
}
