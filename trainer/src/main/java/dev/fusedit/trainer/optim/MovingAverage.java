package dev.fusedit.trainer.optim;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Map;

/// An exponential moving average of weights in f32: average ← decay · average + (1 − decay) · weight.
///
/// With a warm-up the decay begins small, min(decay, (1 + n) / (10 + n)) at update n, so that a short run's average does not remember
/// the untrained weights.
public final class MovingAverage implements AutoCloseable {
    private final TensorScope owned = TensorScope.holding();
    private final ImmutableMap<String, Tensor> averages;
    private final boolean warm;
    private long updates;

    /// Starts at the weights' present values.
    public MovingAverage(Map<String, Tensor> weights, boolean warm) {
        this.warm = warm;
        var copies = ImmutableMap.<String, Tensor>builder();
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            weights.forEach((name, weight) -> copies.put(name, owned.hold(weight.detach().to(DType.F32).copy())));
        }
        averages = copies.buildOrThrow();
    }

    /// Takes the weights of these names in; they are f32 masters.
    public void update(Map<String, Tensor> weights, double decay) {
        updates++;
        var effective = warm ? Math.min(decay, (1.0 + updates) / (10.0 + updates)) : decay;
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var names = weights.keySet().stream().filter(averages::containsKey).toList();
            Foreach.lerp(names.stream().map(averages::get).toList(), names.stream().map(weights::get).toList(), 1 - effective);
        }
    }

    public ImmutableMap<String, Tensor> averages() { return averages; }

    public long updates() { return updates; }

    /// Goes on from a saved state.
    public void resumeAt(long updatesTaken) { updates = updatesTaken; }

    @Override
    public void close() { owned.close(); }
}
