package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.fused.Fused;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Linear layers of the same input as one matmul, which reads the input once. Their weights lie one below the other in memory and stay
/// parameters of their own; where a graph is wanted, each is computed by itself.
///
/// @param weight_XI all weights, X rows together; knows no gradient
public record JoinedLinear(List<Linear> parts, Tensor weight_XI) {
    /// Null for layers with biases, and for weights that are shapes alone.
    public static @Nullable JoinedLinear of(Weights weights, Linear... parts) {
        if (Arrays.stream(parts).anyMatch(part -> part.bias_O() != null)) {
            return null;
        }
        var whole = weights.joined(Arrays.stream(parts).map(Linear::weight_OI).toList());
        return whole == null ? null : new JoinedLinear(List.of(parts), whole);
    }

    /// Whether no graph of it is needed, and one matmul is worth it.
    public boolean serves(Tensor x) {
        return x.dtype() == weight_XI.dtype()
                && Fused.servesForward(x, parts.stream().map(Linear::weight_OI).toArray(Tensor[]::new));
    }

    /// (…, I) → (…, X)
    public Tensor apply(Tensor x) { return x.linear(weight_XI, null); }

    /// What one of the layers made of it, or its gradient: a view.
    public Tensor part(Tensor joined, int index) {
        return joined.narrow(-1, offset(index), parts.get(index).weight_OI().size(0));
    }

    /// One layer's rows of the weights' gradient: a view.
    public Tensor rows(Tensor gradient_XI, int index) {
        return gradient_XI.narrow(0, offset(index), parts.get(index).weight_OI().size(0));
    }

    private long offset(int index) { return parts.stream().limit(index).mapToLong(part -> part.weight_OI().size(0)).sum(); }

    /// Each layer's result, in order; by one matmul where that serves.
    public static List<Tensor> each(@Nullable JoinedLinear joined, Tensor x, Linear... parts) {
        if (joined == null || !joined.serves(x)) {
            return Arrays.stream(parts).map(part -> part.apply(x)).toList();
        }
        var all = joined.apply(x);
        return IntStream.range(0, parts.length).mapToObj(i -> joined.part(all, i)).toList();
    }
}
