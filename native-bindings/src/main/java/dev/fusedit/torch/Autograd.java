package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.TorchState;
import dev.fusedit.torch.internal.ops.Aten;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Gradients. Grad mode belongs to the calling OS thread: no virtual threads near torch.
public final class Autograd {
    private Autograd() {}

    /// A grad mode until it is closed; closes in reverse order of opening.
    public static final class Mode implements AutoCloseable {
        private final boolean before;

        private Mode(boolean enabled) {
            TorchState.load();
            before = TorchState.gradEnabled();
            TorchState.setGradEnabled(enabled);
        }

        @Override
        public void close() { TorchState.setGradEnabled(before); }
    }

    /// `try (var _ = Autograd.noGrad()) { … }`: ops build no graph.
    public static Mode noGrad() { return new Mode(false); }

    /// Ops build a graph again, inside a [#noGrad].
    public static Mode withGrad() { return new Mode(true); }

    public static boolean isEnabled() {
        TorchState.load();
        return TorchState.gradEnabled();
    }

    /// Adds the gradients of `root`, weighted by `gradient` (null for one number), to every leaf that requires one.
    public static void backward(Tensor root, @Nullable Tensor gradient) { backward(root, gradient, List.of()); }

    /// As [#backward(Tensor, Tensor)] from several roots at once, which may share a graph. Gradients keep all their bits: libtorch's C
    /// interface takes one root, so this takes the sum of all products root · gradient, whose own gradient is 1.
    public static void backward(List<Tensor> roots, List<Tensor> gradients) {
        checkArgument(!roots.isEmpty() && roots.size() == gradients.size(), "%s roots, %s gradients", roots.size(), gradients.size());
        if (roots.size() == 1) {
            backward(roots.getFirst(), gradients.getFirst());
            return;
        }
        try (var _ = TensorScope.open()) {
            var sum = roots.getFirst().mul(gradients.getFirst()).sum();
            for (int i = 1; i < roots.size(); i++) {
                sum = sum.add(roots.get(i).mul(gradients.get(i)).sum());
            }
            backward(sum, null);
        }
    }

    private static void backward(Tensor root, @Nullable Tensor gradient, List<Tensor> inputs) {
        Frame.begin(Aten.BACKWARD).tensor(root).tensors(inputs)
                .optionalTensor(gradient)
                .optional(0L).bool(false).callForWord();
    }

    /// d(root)/d(input) for each input, without touching any accumulated gradient. Null where root does not depend on it.
    public static List<@Nullable Tensor> grad(Tensor root, List<Tensor> inputs) { return grad(root, null, inputs); }

    /// As [#grad(Tensor, List)] with the gradient that arrives at `root`.
    public static List<@Nullable Tensor> grad(Tensor root, @Nullable Tensor gradient, List<Tensor> inputs) {
        inputs.forEach(input -> checkArgument(input.requiresGrad(), "grad: an input does not require a gradient"));
        var before = new ArrayList<@Nullable Tensor>();
        inputs.forEach(input -> {
            before.add(input.grad());
            input.clearGrad();
        });
        try {
            backward(root, gradient, inputs);
            return new ArrayList<>(inputs.stream().map(Tensor::grad).toList());
        } finally {
            for (int i = 0; i < inputs.size(); i++) {
                inputs.get(i).setGrad(before.get(i));
            }
        }
    }
}
