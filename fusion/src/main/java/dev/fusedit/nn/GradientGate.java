package dev.fusedit.nn;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How much of a gradient passes: x̃ = sg(x) − g · (sg(x) − x), where sg stops gradients.
///
/// The difference is +0 for every finite x, so x̃ has all bits of x, whatever g and the dtype, that of −0 too (the usual form
/// sg(x) + g · (x − sg(x)) makes −0 to +0). Its gradient is g times that of x; with g = 0 there is no graph at all.
///
/// @param factor g, 0 to 1
/// @param tokens_BT1 factors of single tokens, multiplied with g; null for 1 everywhere
public record GradientGate(double factor, @Nullable Tensor tokens_BT1) {
    public static final GradientGate OPEN = new GradientGate(1, null);

    public GradientGate {
        checkArgument(factor >= 0 && factor <= 1, "a gradient's factor must be 0 to 1, got %s", factor);
    }

    /// Whether gradients pass unchanged.
    public boolean isOpen() { return factor == 1 && tokens_BT1 == null; }

    /// Whether none passes.
    public boolean isClosed() { return factor == 0; }

    /// What passes of a gradient, of keys or values (B, K, T, D) or of hidden states (B, T, M).
    public Tensor share(Tensor gradient) {
        return TensorScope.scoped(() -> {
            var part = gradient.mul(factor);
            return tokens_BT1 == null ? part : part.mul(tokens(gradient.rank()));
        });
    }

    private Tensor tokens(int rank) {
        var tokens = Objects.requireNonNull(tokens_BT1);
        return rank == 4 ? tokens.unsqueeze(1) : tokens;
    }

    /// x̃, with libtorch's graph.
    ///
    /// @param x keys or values (B, K, T, D), or hidden states (B, T, M)
    public Tensor pass(Tensor x) {
        if (isOpen() || !x.requiresGrad()) {
            return x;
        }
        if (isClosed()) {
            return x.detach();
        }
        return TensorScope.scoped(() -> {
            var fixed = x.detach();
            var nothing = fixed.sub(x).mul(factor);
            return fixed.sub(tokens_BT1 == null ? nothing : nothing.mul(tokens(x.rank())));
        });
    }
}
