package dev.fusedit.trainer.optim;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.TensorSource;
import dev.fusedit.trainer.recipe.Ema;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// An exponential moving average (EMA) of weights in f32, whatever the weights are in: average ← decay · average + (1 − decay) · weight.
///
/// With a warm-up the decay begins small, min(decay, (1 + n) / (10 + n)) at update n, so that a short run's average does not remember
/// the untrained weights. The paper's reference keeps it constant.
///
/// It holds what learns under an average and nothing else: weights that never learn are their own average, and weights that learned on
/// without it are forgotten, since what is held would be out of date.
public final class EmaWeights implements AutoCloseable {
    private final TensorScope owned = TensorScope.holding();
    private final Map<String, Tensor> averages = new LinkedHashMap<>();
    private long updates;

    /// Holds these too from now on; new ones begin at their present values.
    public void include(Collection<Parameter> parameters) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            for (var parameter : parameters) {
                averages.computeIfAbsent(parameter.name(), _ -> owned.hold(parameter.master().detach().to(DType.F32).copy()));
            }
        }
    }

    /// Gives up those that have learned without it.
    public void forget(Predicate<String> names) {
        averages.entrySet().removeIf(entry -> {
            boolean gone = names.test(entry.getKey());
            if (gone) {
                entry.getValue().free();
            }
            return gone;
        });
    }

    /// Takes the present values of these parameters in, as far as they are held.
    public void update(List<Parameter> parameters, Ema ema) { update(parameters, ema, Gate.OPEN); }

    /// As [#update(List, Ema)], if the gate lets it.
    public void update(List<Parameter> parameters, Ema ema, Gate gate) {
        updates++;
        double decay = ema.warm() ? Math.min(ema.decay(), (1.0 + updates) / (10.0 + updates)) : ema.decay();
        var held = parameters.stream().filter(parameter -> averages.containsKey(parameter.name()))
                .collect(Collectors.partitioningBy(parameter -> parameter.master().dtype() == DType.F32));
        lerp(held.get(true), gate.change(1 - decay));
        Pieces.of(held.get(false), parameter -> parameter.master().numel(), WeightSteps.ELEMENTS)
                .forEach(some -> lerp(some, gate.change(1 - decay)));
    }

    /// What is not in f32 is copied, all of it at once.
    private void lerp(List<Parameter> parameters, Factor weight) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            Foreach.lerp(parameters.stream().map(parameter -> averages.get(parameter.name())).toList(),
                    parameters.stream().map(parameter -> parameter.master().to(DType.F32)).toList(), weight);
        }
    }

    /// That the device has not let the last update through.
    public void notUpdated() { updates--; }

    /// f32 by parameter name. They stay this object's.
    public ImmutableMap<String, Tensor> averages() { return ImmutableMap.copyOf(averages); }

    public boolean isEmpty() { return averages.isEmpty(); }

    public long updates() { return updates; }

    /// Goes on from a saved state: holds what the file holds.
    public void load(TensorSource file, long updatesTaken, Weights weights) { load(file, updatesTaken, weights, _ -> true); }

    /// As [#load(TensorSource, long, Weights)].
    ///
    /// @param own parameters whose averages are kept here
    public void load(TensorSource file, long updatesTaken, Weights weights, Predicate<String> own) {
        forget(_ -> true);
        updates = updatesTaken;
        for (var name : file.names()) {
            if (!own.test(name)) continue;
            try (var _ = TensorScope.open()) {
                averages.put(name, owned.hold(file.read(name).to(DType.F32).to(weights.parameter(name).master().device())));
            }
        }
    }

    @Override
    public void close() { owned.close(); }
}
