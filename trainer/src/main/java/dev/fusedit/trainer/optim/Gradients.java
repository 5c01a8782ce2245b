package dev.fusedit.trainer.optim;

import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.fused.FusedSum;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
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

    /// @param parameters that learn in this step
    public Gradients(List<Parameter> parameters) { this.parameters = parameters; }

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
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var all = parameters.stream().flatMap(parameter -> sum(parameter.name(), leaves).stream()).toList();
            lanes.run(balanced(all, lanes.count()).stream().<Supplier<Integer>>map(some -> () -> {
                some.forEach(Sum::take);
                return some.size();
            }).toList());
            leaves.forEach(weights -> parameters.forEach(parameter -> weights.parameter(parameter.name()).compute().clearGrad()));
        }
    }

    /// out ← the parts, from left to right.
    private record Sum(List<Tensor> parts, Tensor out) {
        /// Whether one pass over memory does it.
        boolean isOnePass() {
            return Fused.serves(out) && Stream.concat(parts.stream(), Stream.of(out))
                    .allMatch(part -> part.isContiguous() && (part.dtype() == DType.F32 || part.dtype() == DType.BF16));
        }

        void take() {
            if (parts.size() == 1 && parts.getFirst() == out) {
                return;
            }
            if (isOnePass()) {
                FusedSum.of(parts, out);
                return;
            }
            for (int i = 0; i < parts.size(); i++) {
                try (var _ = TensorScope.open()) { // no copy in f32 outlives its sum
                    add(parts.get(i), i == 0);
                }
            }
        }

        private void add(Tensor part, boolean first) {
            if (!first) {
                out.addInPlace(part.to(out.dtype()));
            } else if (part != out) {
                out.copyInPlace(part);
            }
        }
    }

    /// Of a parameter; none if nothing has arrived.
    private Optional<Sum> sum(String name, List<Weights> leaves) {
        var grad =
                leaves.stream().map(weights -> weights.parameter(name)).flatMap(leaf -> Stream.ofNullable(leaf.compute().grad())).toList();
        if (grad.isEmpty()) {
            return Optional.empty();
        }
        var before = sums.get(name);
        if (before != null) {
            return Optional.of(new Sum(Stream.concat(Stream.of(before), grad.stream()).toList(), before));
        }
        var first = grad.getFirst();
        var wide = first.dtype().wide();
        var out = owned.hold(first.dtype() == wide ? first : Tensor.empty(wide, first.device(), first.shape()));
        sums.put(name, out);
        return Optional.of(new Sum(grad, out));
    }

    /// In groups with about as many numbers each: the largest first, each to the smallest group.
    private static List<List<Sum>> balanced(List<Sum> all, int groups) {
        var parts = Stream.generate(ArrayList<Sum>::new).limit(groups).toList();
        var sizes = new long[groups];
        all.stream().sorted(Comparator.comparingLong((Sum sum) -> sum.out.numel()).reversed()).forEach(sum -> {
            int least = IntStream.range(0, groups).boxed().min(Comparator.comparingLong(i -> sizes[i])).orElseThrow();
            sizes[least] += sum.out.numel();
            parts.get(least).add(sum);
        });
        return List.copyOf(parts);
    }

    /// Which parameters have a gradient, by their places.
    public BitSet reached() {
        var reached = new BitSet();
        for (int i = 0; i < parameters.size(); i++) reached.set(i, sums.containsKey(parameters.get(i).name()));
        return reached;
    }

    /// The sums over all processes take the place of these.
    ///
    /// @param reached what [#reached] is in any of them: a parameter that only others have a gradient of gets theirs
    public void sum(ProcessGroup ranks, BitSet reached) {
        if (ranks.isAlone()) return;
        reached.stream().forEach(i -> zeroIfNone(parameters.get(i)));
        ranks.sum(List.copyOf(sums().values()));
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
    public void close() { owned.close(); }
}
