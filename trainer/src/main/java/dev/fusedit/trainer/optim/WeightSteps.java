package dev.fusedit.trainer.optim;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.StochasticRounding;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.List;

/// An optimizer's steps on weights of any dtype. f32 and f64 weights are changed in place. bf16 weights have no f32 masters: a few at a
/// time are widened, changed, and rounded stochastically, each draw a function of (seed, step, parameter).
public record WeightSteps(Optimizer optimizer, Seed seed) {
    /// Widened weights that are alive at once: 64 MB.
    static final long ELEMENTS = 1 << 24;

    /// @param updates gradients in the weights' wide dtype
    /// @param step global number
    public void step(List<Update> updates, long step) { step(updates, step, Gate.OPEN); }

    /// As [#step(List, long)], if the gate lets it: what is widened and not changed is rounded to what it was.
    public void step(List<Update> updates, long step, Gate gate) {
        var inPlace = updates.stream().filter(update -> isWide(update.weight())).toList();
        optimizer.step(inPlace, gate);
        var narrow = updates.stream().filter(update -> !isWide(update.weight())).toList();
        Pieces.of(narrow, update -> update.weight().numel(), ELEMENTS).forEach(some -> rounded(some, step, gate));
    }

    private static boolean isWide(Tensor weight) { return weight.dtype() == weight.dtype().wide(); }

    private void rounded(List<Update> updates, long step, Gate gate) {
        try (var _ = TensorScope.open()) {
            var widened = updates.stream().map(update -> new Update(update.parameter(), update.weight().detach().to(DType.F32),
                    update.gradient(), update.rate(), update.decay())).toList();
            optimizer.step(widened, gate);
            for (int i = 0; i < updates.size(); i++) {
                StochasticRounding.copy(updates.get(i).weight(), widened.get(i).weight(),
                        seed.derive("rounding", step).derive(updates.get(i).parameter()));
            }
        }
    }
}
