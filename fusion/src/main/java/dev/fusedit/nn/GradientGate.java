package dev.fusedit.nn;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
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

    public KeyValues apply(KeyValues own) {
        if (isOpen()) {
            return own;
        }
        return TensorScope.scoped(() -> {
            var tokens_B1T1 = tokens_BT1 == null ? null : tokens_BT1.unsqueeze(1);
            return new KeyValues(pass(own.keys(), tokens_B1T1), pass(own.values(), tokens_B1T1));
        });
    }

    /// The same for hidden states.
    public Tensor apply(Tensor x_BTM) { return isOpen() ? x_BTM : pass(x_BTM, tokens_BT1); }

    /// Whether gradients pass unchanged.
    public boolean isOpen() { return factor == 1 && tokens_BT1 == null; }

    /// What of the gradients of keys and values passes, for a custom backward pass; null where nothing does.
    public @Nullable KeyValues gradients(KeyValues gradOutput) {
        if (factor == 0) {
            return null;
        }
        return isOpen() ? gradOutput : TensorScope.scoped(() -> gradOutput.replaced(each -> {
            var part = each.mul(factor);
            return tokens_BT1 == null ? part : part.mul(tokens_BT1.unsqueeze(1));
        }));
    }

    private Tensor pass(Tensor x, @Nullable Tensor tokens) {
        if (!x.requiresGrad()) {
            return x;
        }
        if (factor == 0) {
            return x.detach();
        }
        return TensorScope.scoped(() -> {
            var fixed = x.detach();
            var nothing = fixed.sub(x).mul(factor);
            return fixed.sub(tokens == null ? nothing : nothing.mul(tokens));
        });
    }
}
