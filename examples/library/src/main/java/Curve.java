import dev.fusedit.nn.*;
import dev.fusedit.torch.*;
import dev.fusedit.trainer.optim.*;

/// A sine from 256 points, learned by two layers and AdamW.
void main() {
    try (var _ = TensorScope.open();
            var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32);
            var state = new OptimizerState()) {
        var x = Tensor.randn(Seed.of(2), DType.F32, 256, 1);
        var y = x.mul(2).sin();
        var hidden = Linear.of(weights.in("hidden"), new Init.KaimingUniform(), 1, 32, true);
        var last = Linear.of(weights.in("last"), new Init.KaimingUniform(), 32, 1, true);
        weights.train(_ -> true);
        var adamW = new AdamW(0.9, 0.999, 1e-8, state);
        double loss = Double.NaN;
        for (int i = 0; i < 1000; i++) {
            try (var step = TensorScope.open()) {
                var error = last.apply(hidden.apply(x).tanh()).sub(y).square().mean();
                error.backward();
                adamW.step(weights.trainable().stream().map(p -> new Update(p.name(), p.master(), p.gradient(), 1e-2, 0)).toList());
                weights.refreshCopies(); // of masters in a wider dtype
                weights.clearGradients();
                loss = error.item();
            }
        }
        IO.println("%d parameters, loss %s 0.001".formatted(weights.all().count(), loss < 1e-3 ? "below" : "not below"));
    }
}
