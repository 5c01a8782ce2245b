package dev.fusedit.nn;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Linear layers of the same input, as one matmul where they have neither biases nor adapters: that reads the input once. Their weights lie one below the other in
/// memory and stay parameters of their own.
///
/// @param weight_XI all weights, X rows together; knows no gradient. Null for layers with biases or adapters, and for weights that are shapes alone
public record JoinedLinear(List<Linear> parts, @Nullable Tensor weight_XI) {
    public static JoinedLinear of(Weights weights, Linear... parts) {
        boolean apart = Arrays.stream(parts).anyMatch(part -> part.bias_O() != null || part.lora() != null);
        return new JoinedLinear(List.of(parts), apart ? null : weights.joined(Arrays.stream(parts).map(Linear::weight_OI).toList()));
    }

    /// Whether one matmul does all, for inputs of this dtype.
    public boolean isWhole(DType dtype) { return weight_XI != null && weight_XI.dtype() == dtype; }

    /// All weights, for layers that are [#isWhole].
    public Tensor whole_XI() { return Objects.requireNonNull(weight_XI, "these layers are not joined"); }

    /// What one of the layers made of all of [#whole_XI], or its gradient: a view.
    public Tensor part(Tensor joined, int index) { return joined.narrow(-1, offset(index), size(index)); }

    /// One layer's rows of the weights' gradient: a view.
    public Tensor rows(Tensor gradient_XI, int index) { return gradient_XI.narrow(0, offset(index), size(index)); }

    /// X
    public long width() { return parts.stream().mapToLong(part -> part.weight_OI().size(0)).sum(); }

    private long size(int index) { return parts.get(index).weight_OI().size(0); }

    private long offset(int index) { return parts.stream().limit(index).mapToLong(part -> part.weight_OI().size(0)).sum(); }
}
