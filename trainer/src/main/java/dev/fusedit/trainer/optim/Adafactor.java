package dev.fusedit.trainer.optim;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Arrays;
import java.util.List;

/// Adam's second moments as the outer product of a row and a column of means, without momentum
/// ([Shazeer and Stern 2018](https://arxiv.org/abs/1804.04235), algorithms 4 to 6): memory of O(rows + columns) instead of
/// O(rows · columns). The rate is taken as given: no relative steps, no scaling by the weights' size.
///
///     β = 1 − t^decayRate
///     r ← β r + (1 − β) mean over columns of (g² + eps)     c ← β c + (1 − β) mean over rows of (g² + eps)
///     u = g / √(r cᵀ / mean(r))                             (vectors: u = g / √v, v as Adam's without correction)
///     w ← w − rate · decay · w − rate · u / max(1, rms(u) / clipThreshold)
///
/// The last two dimensions are factored, as transformers' implementation does it. One weight is done after the other, so that no second
/// copy of all of them is alive.
public record Adafactor(double decayRate, double eps, double clipThreshold, OptimizerState optimizerState) implements Optimizer {
    private static final String ROWS = "exp_avg_sq_row";
    private static final String COLUMNS = "exp_avg_sq_col";
    private static final String WHOLE = "exp_avg_sq";

    @Override
    public void step(List<Update> updates, Gate gate) {
        try (var _ = Autograd.noGrad()) {
            for (var update : updates) {
                try (var _ = TensorScope.open()) {
                    step(update, gate.clean(update.gradient()), gate);
                }
            }
        }
    }

    private void step(Update update, Tensor gradient, Gate gate) {
        double beta = 1 - Math.pow(optimizerState.nextStep(update.parameter()), decayRate);
        var squares = gradient.square().add(eps);
        var weight = gate.change(1 - beta);
        var direction = gate.clean((update.weight().rank() >= 2 ? factored(update, squares, weight) : whole(update, squares, weight))
                .mul(gradient));
        if (update.decay() != 0) {
            gate.scale(1 - update.rate() * update.decay()).scale(update.weight());
        }
        Foreach.addScaled(List.of(update.weight()), List.of(direction), gate.change(rate(update, direction)));
    }

    /// −rate / max(1, rms / clipThreshold), f64, 0-dim.
    private Tensor rate(Update update, Tensor direction) {
        var rms_ = direction.norm().to(DType.F64).div(Math.sqrt(direction.numel()));
        return Tensor.full(-update.rate(), DType.F64, direction.device()).div(rms_.div(clipThreshold).clamp(1.0, Double.POSITIVE_INFINITY));
    }

    /// What the gradient is multiplied by.
    ///
    /// @param weight of the new squares in the means
    private Tensor factored(Update update, Tensor squares, Factor weight) {
        var shape = update.weight().shape();
        int last = shape.length - 1;
        var rows = optimizerState.get(update, ROWS, Arrays.copyOf(shape, last));
        var columnShape = Arrays.copyOf(shape, last);
        columnShape[last - 1] = shape[last];
        var columns = optimizerState.get(update, COLUMNS, columnShape);
        Foreach.lerp(List.of(rows, columns), List.of(squares.mean(false, -1), squares.mean(false, -2)), weight);
        var ofRow = rows.div(rows.mean(true, -1)).rsqrt().unsqueeze(-1);
        return ofRow.mul(columns.rsqrt().unsqueeze(-2));
    }

    private Tensor whole(Update update, Tensor squares, Factor weight) {
        var means = optimizerState.get(update, WHOLE);
        Foreach.lerp(List.of(means), List.of(squares), weight);
        return means.rsqrt();
    }
}
