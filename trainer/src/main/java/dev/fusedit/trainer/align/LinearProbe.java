package dev.fusedit.trainer.align;

import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.optim.AdamW;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.Update;

/// What can be read off features by a linear classifier: softmax regression on features that were brought to mean 0 and variance 1.
final class LinearProbe implements AutoCloseable {
    private static final int STEPS = 300;
    private static final int BATCH = 2048;
    private static final double RATE = 0.01;
    private static final double DECAY = 1e-3;
    private static final double SMALLEST_VARIANCE = 1e-12;
    private static final long IGNORED = -100;

    private final Weights weights;
    private final Linear linear;
    private final TensorScope owned = TensorScope.holding();
    private final Tensor mean_1F;
    private final Tensor scale_1F;

    /// Fits it.
    ///
    /// @param features_NF f32
    /// @param classes of the rows, from 0
    LinearProbe(Tensor features_NF, long[] classes, int count, Seed seed) {
        weights = Weights.fresh(seed, DTypePolicy.F32);
        linear = Linear.of(weights, Init.ZEROS, features_NF.size(1), count, true);
        weights.train(_ -> true);
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            mean_1F = owned.hold(features_NF.mean(true, 0));
            scale_1F = owned.hold(features_NF.var(false, true, 0).clamp(SMALLEST_VARIANCE, Double.POSITIVE_INFINITY).rsqrt());
        }
        try (var _ = TensorScope.open(); var optimizerState = new OptimizerState()) {
            var adam = new AdamW(0.9, 0.999, 1e-8, optimizerState);
            var known = Tensor.of(classes);
            for (int step = 0; step < STEPS; step++) step(features_NF, known, adam, seed, step);
        }
    }

    private void step(Tensor features_NF, Tensor classes_N, AdamW adam, Seed seed, int step) {
        try (var _ = TensorScope.open()) {
            var some = seed.derive("rows", step).stream().randint(0, features_NF.size(0), BATCH);
            logits(features_NF.indexSelect(0, some)).crossEntropy(classes_N.indexSelect(0, some), IGNORED).backward();
            double rate = RATE * (1 - (double) step / STEPS);
            try (var _ = Autograd.noGrad()) {
                adam.step(weights.all().map(parameter -> update(parameter, rate)).toList());
            }
            weights.clearGradients();
        }
    }

    private static Update update(Parameter parameter, double rate) {
        var gradient = parameter.gradient();
        if (gradient == null) throw new IllegalStateException("no gradient reached " + parameter.name());
        return new Update(parameter.name(), parameter.master(), gradient, rate, DECAY);
    }

    private Tensor logits(Tensor features_NF) {
        return TensorScope.scoped(() -> linear.apply(features_NF.sub(mean_1F).mul(scale_1F)));
    }

    /// The likeliest class of each row.
    long[] classify(Tensor features_NF) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            return logits(features_NF).argmax(-1).toLongs();
        }
    }

    @Override
    public void close() {
        owned.close();
        weights.close();
    }
}
