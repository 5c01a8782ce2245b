package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.abi.Scalars;
import dev.fusedit.torch.internal.ops.Aten;
import java.util.Collections;
import java.util.List;

/// Many tensors in one call, in place. Lists that belong together have the same length and shapes.
public final class Foreach {
    private Foreach() {}

    /// target ← source, which may be of another dtype
    public static void copy(List<Tensor> targets, List<Tensor> sources) {
        run(Frame.begin(Aten.FOREACH_COPY).tensors(targets).tensors(sources).bool(false));
    }

    public static void zero(List<Tensor> targets) { run(Frame.begin(Aten.FOREACH_ZERO).tensors(targets)); }

    /// target ← factor · target
    public static void mul(List<Tensor> targets, double factor) {
        var number = Scalars.f64(factor);
        try {
            run(Frame.begin(Aten.FOREACH_MUL).tensors(targets).tensor(number));
        } finally {
            Handles.delete(number);
        }
    }

    /// target ← factor · target; one that is known to be 1 touches nothing
    public static void mul(List<Tensor> targets, Factor factor) {
        if (targets.isEmpty()) return;
        switch (factor) {
            case Factor.Known(var number) -> {
                if (number != 1) mul(targets, number);
            }
            case Factor.OnDevice(var number) -> {
                try (var _ = TensorScope.open()) {
                    var factorOfDType = number.to(targets.getFirst().dtype());
                    run(Frame.begin(Aten.FOREACH_MUL).tensors(targets).tensor(factorOfDType));
                }
            }
        }
    }

    /// target ← target + factor · source, which may be of a smaller floating dtype
    public static void addScaled(List<Tensor> targets, List<Tensor> sources, double factor) {
        if (targets.isEmpty()) {
            return;
        }
        try (var _ = TensorScope.open()) {
            // `_foreach_add_` takes a Scalar; the product of the source with one and a list of factors does the same in one call
            var ones = Collections.nCopies(targets.size(), Tensor.ones(targets.getFirst().dtype(), targets.getFirst().device()));
            var factors = Tensor.full(factor, DType.F64, targets.size());
            run(Frame.begin(Aten.FOREACH_ADDCMUL).tensors(targets).tensors(sources).tensors(ones)
                    .tensor(factors));
        }
    }

    /// As [#addScaled(List, List, double)].
    public static void addScaled(List<Tensor> targets, List<Tensor> sources, Factor factor) {
        switch (factor) {
            case Factor.Known(var number) -> addScaled(targets, sources, number);
            case Factor.OnDevice _ -> {
                for (int i = 0; i < targets.size(); i++) { // a product each: what the one call rounds in between is rounded here too
                    try (var _ = TensorScope.open()) {
                        addScaled(targets.subList(i, i + 1), List.of(factor.times(sources.get(i).to(targets.get(i).dtype()))), 1);
                    }
                }
            }
        }
    }

    /// target ← target + weight · (end − target): a moving average with decay 1 − weight
    public static void lerp(List<Tensor> targets, List<Tensor> ends, double weight) { lerp(targets, ends, new Factor.Known(weight)); }

    /// As [#lerp(List, List, double)].
    public static void lerp(List<Tensor> targets, List<Tensor> ends, Factor weight) {
        if (targets.isEmpty()) {
            return;
        }
        try (var _ = TensorScope.open()) {
            var like = targets.getFirst();
            var number = switch (weight) {
                case Factor.Known(var known) -> Tensor.full(known, like.dtype(), like.device());
                case Factor.OnDevice(var known) -> known.to(like.dtype());
            };
            run(Frame.begin(Aten.FOREACH_LERP).tensors(targets).tensors(ends)
                    .tensors(Collections.nCopies(targets.size(), number)));
        }
    }

    /// The Euclidean norm over all elements of all tensors, as a 0-dim f32 (f64 for f64 tensors).
    public static Tensor norm(List<Tensor> tensors) {
        return TensorScope
                .scoped(() -> Tensor.stack(0, tensors.stream().map(Tensor::norm).map(n -> n.to(n.dtype().wide())).toList()).norm());
    }

    private static void run(Frame frame) { frame.callForWord(); }
}
