package dev.fusedit.trainer.optim;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Momentum made orthogonal, for the matrices within layers ([Jordan 2024](https://kellerjordan.github.io/posts/muon/)), at AdamW's size
/// ([Liu et al. 2025](https://arxiv.org/abs/2502.16982), section 2.2), so that AdamW's rates and decays fit:
///
///     m ← μ m + (1 − μ) g
///     w ← w − rate · decay · w − rate · 0.2 √max(rows, columns) · orthogonal((1 − μ) g + μ m)
///
/// Everything else is AdamW's: embeddings, vectors, the patches' convolution, what makes the time's vector, the last layer, and heads
/// beside the model.
///
/// @param momentum μ
/// @param rounds of [NewtonSchulz]
/// @param matmulDType in what matrices are multiplied
/// @param rest for all but hidden matrices; its moments are this optimizer's
public record Muon(double momentum, int rounds, DType matmulDType, AdamW rest) implements Optimizer {
    private static final String MOMENTUM = "momentum_buffer";
    private static final double SIZE = 0.2;
    private static final Pattern WITHIN_A_LAYER = Pattern.compile("(llm|dit)\\.layers\\.\\d+\\..*");

    @Override
    public OptimizerState optimizerState() { return rest.optimizerState(); }

    static boolean isHiddenMatrix(Update update) {
        return update.weight().rank() == 2 && WITHIN_A_LAYER.matcher(update.parameter()).matches();
    }

    @Override
    public void step(List<Update> updates, Gate gate) {
        var others = new ArrayList<Update>();
        try (var _ = Autograd.noGrad()) {
            for (var update : updates) {
                if (isHiddenMatrix(update)) {
                    matrix(update, gate);
                } else {
                    others.add(update);
                }
            }
        }
        rest.step(others, gate);
    }

    private void matrix(Update update, Gate gate) {
        try (var _ = TensorScope.open()) {
            var gradient = gate.clean(update.gradient());
            optimizerState().nextStep(update.parameter());
            var mean = optimizerState().get(update, MOMENTUM);
            Foreach.lerp(List.of(mean), List.of(gradient), gate.change(1 - momentum));
            var ahead = gradient.lerp(mean, Tensor.full(momentum, mean.dtype(), mean.device()));
            if (update.decay() != 0) {
                gate.scale(1 - update.rate() * update.decay()).scale(update.weight());
            }
            double size = SIZE * Math.sqrt(Math.max(mean.size(0), mean.size(1)));
            Foreach.addScaled(List.of(update.weight()), List.of(NewtonSchulz.orthogonal(ahead, rounds, matmulDType)),
                    gate.change(-update.rate() * size));
        }
    }
}
