package dev.fusedit.trainer.optim;

import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.WholeGradients;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
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
    /// Names of parameters whose sums another process has.
    private final Set<String> elsewhere = new HashSet<>();
    private final @Nullable GradientBuckets buckets;
    private final Predicate<String> own;

    /// @param parameters that learn in this step
    public Gradients(List<Parameter> parameters) {
        this.parameters = parameters;
        buckets = null;
        own = _ -> true;
    }

    /// Of one of several processes, which add theirs up.
    ///
    /// @param microBatches of the step
    Gradients(GradientExchange exchange, int microBatches) {
        parameters = exchange.parameters();
        buckets = new GradientBuckets(exchange, microBatches);
        own = exchange::gets;
    }

    /// Adds what a backward pass has left at these weights' leaves, and leaves none there.
    ///
    /// @param leaves those whose parameters learn, or a replica of them
    public void take(Weights leaves) {
        try (var lanes = Lanes.of(1)) {
            take(List.of(leaves), lanes);
        }
    }

    /// As [#take(Weights)] for one after the other, in their order.
    ///
    /// @param lanes each sums up some of the parameters
    public void take(List<Weights> leaves, Lanes lanes) {
        if (buckets != null) {
            buckets.take(lanes);
            return;
        }
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            GradientSum.takeAll(parameters.stream().flatMap(parameter -> sum(parameter.name(), leaves).stream()).toList(), lanes);
            leaves.forEach(weights -> parameters.forEach(parameter -> weights.parameter(parameter.name()).compute().clearGrad()));
        }
    }

    /// Of a parameter; none if nothing has arrived.
    private Optional<GradientSum> sum(String name, List<Weights> leaves) {
        var grad =
                leaves.stream().map(weights -> weights.parameter(name)).flatMap(leaf -> Stream.ofNullable(leaf.compute().grad())).toList();
        if (grad.isEmpty()) {
            return Optional.empty();
        }
        var before = sums.get(name);
        if (before != null) {
            return Optional.of(new GradientSum(Stream.concat(Stream.of(before), grad.stream()).toList(), before));
        }
        var first = grad.getFirst();
        var wide = first.dtype().wide();
        var out = owned.hold(first.dtype() == wide ? first : Tensor.empty(wide, first.device(), first.shape()));
        sums.put(name, out);
        return Optional.of(new GradientSum(grad, out));
    }

    // ---- over processes

    /// Before a micro-batch's backward passes: whom each is to tell of leaves whose gradients are whole, so that other processes have them
    /// soon. [#take] ends the micro-batch.
    ///
    /// @param leaves of each lane
    public List<WholeGradients> arriving(List<Weights> leaves) {
        return buckets != null ? buckets.arriving(leaves) : Collections.nCopies(leaves.size(), WholeGradients.UNTOLD);
    }

    /// After a backward pass that memory did not hold, in place of [#take]: the other processes are not kept waiting.
    public void abandon() {
        if (buckets != null) buckets.abandon();
    }

    /// Which parameters have a gradient here, by their places.
    public BitSet reached() {
        if (buckets != null) return buckets.reached();
        var reached = new BitSet();
        for (int i = 0; i < parameters.size(); i++) reached.set(i, sums.containsKey(parameters.get(i).name()));
        return reached;
    }

    /// Waits for the sums over all processes, which take the place of these.
    ///
    /// @param anywhere what [#reached] is in any of them: a parameter that only others have a gradient of gets theirs
    public void sum(BitSet anywhere) {
        if (buckets == null) return;
        sums.putAll(buckets.sums(anywhere));
        anywhere.stream().forEach(i -> elsewhere.add(parameters.get(i).name()));
        elsewhere.removeAll(sums.keySet());
    }

    /// Whether the parameter has a gradient, here or in its owner.
    public boolean reach(String parameter) { return sums.containsKey(parameter) || elsewhere.contains(parameter); }

    // ---- the sums

    /// Zeros for a parameter that has no gradient, so that it decays all the same.
    public void zeroIfNone(Parameter parameter) {
        if (reach(parameter.name())) return;
        if (!own.test(parameter.name())) {
            elsewhere.add(parameter.name());
            return;
        }
        var master = parameter.master();
        try (var _ = TensorScope.open()) {
            sums.put(parameter.name(), owned.hold(Tensor.zeros(master.dtype().wide(), master.device(), master.shape())));
        }
    }

    /// Null where no loss reached the parameter, or another process has its gradient.
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

    /// The Euclidean norm of all of them together, where they are: f64, 0-dim, the innermost scope's; 0 without any.
    ///
    /// @param device of the parameters
    public Tensor norm(Device device) {
        try (var _ = Autograd.noGrad()) {
            return sums.isEmpty() ? Tensor.zeros(DType.F64, device)
                    : TensorScope.scoped(() -> Foreach.norm(List.copyOf(sums.values())).to(DType.F64));
        }
    }

    public void scale(Factor factor) {
        try (var _ = Autograd.noGrad()) {
            Foreach.mul(List.copyOf(sums.values()), factor);
        }
    }

    @Override
    public void close() {
        if (buckets != null) buckets.close();
        owned.close();
    }
}
