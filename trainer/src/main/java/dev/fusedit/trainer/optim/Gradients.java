package dev.fusedit.trainer.optim;

import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The gradients of one optimizer step, summed over its micro-batches in f32 (f64 for f64 weights), whatever the models compute in.
///
/// A parameter that no loss reached has none, which is not the same as zeros: it takes no part in the step.
public final class Gradients implements AutoCloseable {
    private final TensorScope owned = TensorScope.holding();
    private final List<Parameter> parameters;
    private final Map<String, Tensor> sums = new LinkedHashMap<>();

    /// @param parameters that learn in this step
    public Gradients(List<Parameter> parameters) { this.parameters = parameters; }

    /// Takes what a backward pass has left at the parameters, and leaves none there.
    public void take() {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var again = new ArrayList<Tensor>();
            var arrivals = new ArrayList<Tensor>();
            for (var parameter : parameters) {
                var arrived = parameter.gradient();
                if (arrived != null) {
                    parameter.compute().clearGrad();
                    var sum = sums.get(parameter.name());
                    if (sum == null) {
                        sums.put(parameter.name(), owned.hold(arrived));
                    } else {
                        again.add(sum);
                        arrivals.add(arrived);
                    }
                }
            }
            Foreach.addScaled(again, arrivals, 1);
        }
    }

    /// Zeros for a parameter that has no gradient, so that it decays all the same.
    public void zeroIfNone(Parameter parameter) {
        if (!sums.containsKey(parameter.name())) {
            var master = parameter.master();
            try (var _ = TensorScope.open()) {
                sums.put(parameter.name(), owned.hold(Tensor.zeros(master.dtype().wide(), master.device(), master.shape())));
            }
        }
    }

    /// Null where no loss reached the parameter.
    public @Nullable Tensor of(String parameter) { return sums.get(parameter); }

    /// By name, in the parameters' order.
    public Map<String, Tensor> sums() {
        var ordered = new LinkedHashMap<String, Tensor>();
        for (var parameter : parameters) {
            var sum = sums.get(parameter.name());
            if (sum != null) {
                ordered.put(parameter.name(), sum);
            }
        }
        return ordered;
    }

    /// The Euclidean norm of all of them together; 0 without any.
    public double norm() {
        if (sums.isEmpty()) {
            return 0;
        }
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            return Foreach.norm(List.copyOf(sums.values())).item();
        }
    }

    public void scale(double factor) {
        if (factor != 1 && !sums.isEmpty()) {
            try (var _ = Autograd.noGrad()) {
                Foreach.mul(List.copyOf(sums.values()), factor);
            }
        }
    }

    @Override
    public void close() { owned.close(); }
}
