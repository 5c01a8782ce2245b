package dev.fusedit.nn;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// A low-rank change of a linear layer that is learned in its place (LoRA; Hu et al. 2021, arXiv 2106.09685):
///
///     y = W x + s · B (A x′)
///
/// s is α/r ([LoraConfig#scaling]). x′ is x, of which training leaves out a share. A begins as PEFT's does (uniform in ±1/√I), B at 0, so that at first nothing is changed.
///
/// @param a_RI R is the rank
/// @param scaling s
/// @param dropped what is left out of its inputs just now
public record LoraAdapter(String name, Tensor a_RI, Tensor b_OR, double scaling, double dropout, AdapterDropout dropped) {
    /// How a layer's adapter's parameters are called below the layer, as PEFT calls them.
    public static final String A = "lora_A.weight", B = "lora_B.weight";

    /// Whether a parameter is an adapter's.
    public static boolean isPart(String parameter) { return parameter.endsWith("." + A) || parameter.endsWith("." + B); }

    /// The layer whose adapter a parameter is of.
    static String layer(String parameter) {
        return parameter.substring(0, parameter.length() - (parameter.endsWith(A) ? A : B).length() - 1);
    }

    /// s · B (A x′), in x's dtype.
    public Tensor apply(Tensor x) {
        return TensorScope.scoped(() -> {
            var mask = mask(x);
            return (mask == null ? x : x.mul(mask)).linear(a_RI.to(x.dtype()), null).linear(b_OR.to(x.dtype()), null).mul(scaling);
        });
    }

    /// What x is multiplied by, of its shape: 0, or 1 over the share that is kept. Null where nothing is left out. The same each time until the
    /// next seed.
    public @Nullable Tensor mask(Tensor x) {
        var seed = dropped.seed();
        if (dropout == 0 || seed == null) return null;
        return TensorScope
                .scoped(() -> Tensor.rand(seed.derive(name), DType.F32, x.shape()).ge(dropout).to(x.dtype()).mul(1 / (1 - dropout))
                        .to(x.device()));
    }

    /// s · B A, f32 (f64 of f64 weights): what is added to the layer's weight if it is merged.
    ///
    /// @param masterA what the optimizer changes
    static Tensor change_OI(Tensor masterA, Tensor masterB, double scaling) {
        return TensorScope.scoped(() -> {
            var wide = masterA.dtype().wide();
            return masterB.to(wide).matmul(masterA.to(wide)).mul(scaling);
        });
    }
}
