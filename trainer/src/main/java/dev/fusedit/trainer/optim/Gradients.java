package dev.fusedit.trainer.optim;

import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The gradients of one optimizer step, summed over the parts of its batch in f32 (f64 for f64 weights), whatever the models compute in.
///
/// The one place where parts of a batch become a whole, be they micro-batches one after the other or lanes side by side: sums are taken in
/// the order of the calls, so they are the same however the parts were timed.
///
/// A parameter that no loss reached has none, which is not the same as zeros: it takes no part in the step.
public final class Gradients implements AutoCloseable {
    private final TensorScope owned = TensorScope.holding();
    private final List<Parameter> parameters;
    private final Map<String, Tensor> sums = new LinkedHashMap<>();

    /// @param parameters that learn in this step
    public Gradients(List<Parameter> parameters) { this.parameters = parameters; }

    /// Adds what a backward pass has left at these weights' leaves, and leaves none there.
    ///
    /// @param leaves those whose parameters learn, or a replica of them
    public void take(Weights leaves) {
        try (var _ = Autograd.noGrad()) {
            for (var parameter : parameters) {
                try (var _ = TensorScope.open()) { // one after the other, so that no copy in f32 outlives its sum
                    take(leaves.parameter(parameter.name()));
                }
            }
        }
    }

    private void take(Parameter leaf) {
        var arrived = leaf.gradient();
        if (arrived == null) {
            return;
        }
        leaf.compute().clearGrad();
        var sum = sums.get(leaf.name());
        if (sum == null) {
            sums.put(leaf.name(), owned.hold(arrived));
        } else {
            sum.addInPlace(arrived);
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
