package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.ops.Aten;
import org.jspecify.annotations.Nullable;

/// softmax(q · kᵀ · scale + bias) · v, by the way that is fastest for the device and dtype. Gradients flow through all of them.
///
/// Letters: B batch, H heads, K key/value heads (H is a multiple of K), G = H / K, N queries, L keys, D head width.
///
/// Grouped-query attention (GQA; with K = 1 multi-query attention) repeats no key/value heads ([QueryGroups]).
///
/// | | |
/// |---|---|
/// | CPU, f32 and f64 | libtorch's flash kernel, with OpenBLAS at one thread meanwhile: it calls the BLAS from its own threads, and two pools fight |
/// | CPU, bf16 | bmm, softmax (f32 inside), bmm: the flash kernel falls to a generic matmul there, 20 times slower |
/// | CPU, f16; bf16 on a CPU without it | as f32 ([PathChoice]) |
/// | CUDA | libtorch's own choice |
public final class Attention {
    private Attention() {}

    /// Every query sees every key, but for what the bias takes away.
    ///
    /// @param bias added to the scores; broadcasts to (B, 1, 1, L): keys of a sample are masked by minus infinity. At least one
    ///        key of each sample stays
    /// @return (B, H, N, D)
    public static Tensor attend(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD, @Nullable Tensor bias) {
        return attend(q_BHND, k_BKLD, v_BKLD, bias, 1 / Math.sqrt(q_BHND.size(-1)));
    }

    public static Tensor attend(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD, @Nullable Tensor bias, double scale) {
        checkArgument(bias == null || bias.rank() == 4 && bias.size(1) == 1 && bias.size(2) == 1,
                "the bias masks keys, (B, 1, 1, L), got %s", bias);
        return chosen(q_BHND, k_BKLD, v_BKLD, bias,
                (q, k, v, keys) -> byMatmuls(q) ? matmuls(q, k, v, keys == null ? null : keys.squeeze(1), scale)
                        : folded(q, k, v, keys, scale));
    }

    /// Query i sees keys 0 to i. As many keys as queries.
    public static Tensor causal(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD) {
        return causal(q_BHND, k_BKLD, v_BKLD, 1 / Math.sqrt(q_BHND.size(-1)));
    }

    public static Tensor causal(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD, double scale) {
        checkArgument(q_BHND.size(2) == k_BKLD.size(2), "causal attention takes as many keys as queries, got %s and %s", q_BHND.size(2),
                k_BKLD.size(2));
        return chosen(q_BHND, k_BKLD, v_BKLD, null, (q, k, v, _) -> {
            if (byMatmuls(q)) {
                return masked(q, k, v, upperTriangle(q), scale);
            }
            var groups = q.size(1) / k.size(1);
            return builtIn(q, repeated(k, groups), repeated(v, groups), null, true, scale);
        });
    }

    /// With a bias of its own for each query and key, (B or 1, 1, N, L): for the rare layer that needs one, such as a sliding window.
    public static Tensor masked(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD, Tensor bias_BNL, double scale) {
        return chosen(q_BHND, k_BKLD, v_BKLD, bias_BNL, (q, k, v, bias) -> {
            var groups = q.size(1) / k.size(1);
            if (!byMatmuls(q) || bias == null) {
                return builtIn(q, repeated(k, groups), repeated(v, groups), bias, false, scale);
            }
            var bias_BRL = groups == 1 ? bias.squeeze(1) : bias.squeeze(1).repeatInterleave(groups, 1); // rows are (N, G)
            return matmuls(q, k, v, bias_BRL, scale);
        });
    }

    /// As [#masked], with logit soft-capping: softcap · tanh(scores / softcap), before the bias (Gemma Team 2024, arXiv 2408.00118).
    ///
    /// @param bias broadcasts to (B, H, N, L)
    public static Tensor softcapped(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD, @Nullable Tensor bias, double scale, double softcap) {
        checkArgument(softcap > 0, "the soft-capping must be positive, got %s", softcap);
        return chosen(q_BHND, k_BKLD, v_BKLD, bias, (q, k, v, mask) -> {
            var groups = q.size(1) / k.size(1);
            var scores_BHNL = q.matmul(repeated(k, groups).transpose(2, 3)).mul(scale / softcap).tanh().mul(softcap);
            var masked_BHNL = mask == null ? scores_BHNL : scores_BHNL.add(mask);
            return masked_BHNL.softmax(-1).matmul(repeated(v, groups));
        });
    }

    @FunctionalInterface
    private interface Way {
        Tensor of(Tensor q, Tensor k, Tensor v, @Nullable Tensor bias);
    }

    /// In the operands' dtype, or in the one that is chosen for it, and back.
    private static Tensor chosen(Tensor q, Tensor k, Tensor v, @Nullable Tensor bias, Way way) {
        var own = q.dtype();
        var dtype = PathChoice.ATTENTION.dtype(own, q.device());
        return TensorScope.scoped(() -> dtype == own ? way.of(q, k, v, bias)
                : way.of(q.to(dtype), k.to(dtype), v.to(dtype), bias == null ? null : bias.to(dtype)).to(own));
    }

    /// Whether two matmuls and a softmax are faster than the fused kernel for queries like these.
    public static boolean byMatmuls(Tensor q) { return PathChoice.byMatmuls(q.dtype(), q.device()); }

    private static Tensor matmuls(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD, @Nullable Tensor bias_BRL, double scale) {
        long batch = q_BHND.size(0), kvHeads = k_BKLD.size(1), width = q_BHND.size(3), keys = k_BKLD.size(2);
        var groups = new QueryGroups(kvHeads);
        var q_BRD = groups.fold(q_BHND).reshape(batch * kvHeads, -1, width).mul(scale);
        var scores_BRL = q_BRD.bmm(k_BKLD.reshape(batch * kvHeads, keys, width).transpose(1, 2));
        if (bias_BRL != null) {
            scores_BRL = kvHeads == 1 || bias_BRL.size(0) == 1 ? scores_BRL.add(bias_BRL)
                    : scores_BRL.view(batch, kvHeads, -1, keys).add(bias_BRL.unsqueeze(1)).view(batch * kvHeads, -1, keys);
        }
        var out_BRD = scores_BRL.softmax(-1).bmm(v_BKLD.reshape(batch * kvHeads, keys, v_BKLD.size(3)));
        return groups.unfold(out_BRD.view(batch, kvHeads, -1, v_BKLD.size(3)), q_BHND.size(1));
    }

    private static Tensor folded(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD, @Nullable Tensor bias, double scale) {
        var kvHeads = k_BKLD.size(1);
        var whole = bias == null ? null : bias.expand(q_BHND.size(0), 1, 1, k_BKLD.size(2));
        if (kvHeads == q_BHND.size(1)) {
            return builtIn(q_BHND, k_BKLD, v_BKLD, whole, false, scale);
        }
        var groups = new QueryGroups(kvHeads);
        return groups.unfold(builtIn(groups.fold(q_BHND), k_BKLD, v_BKLD, whole, false, scale), q_BHND.size(1));
    }

    /// Each key/value head beside itself, G times.
    private static Tensor repeated(Tensor k_BKLD, long groups) {
        return groups == 1 ? k_BKLD : k_BKLD.unsqueeze(2).expand(-1, -1, groups, -1, -1).flatten(1, 2);
    }

    private static Tensor upperTriangle(Tensor q_BHND) {
        var count = q_BHND.size(2);
        return Tensor.full(Double.NEGATIVE_INFINITY, q_BHND.dtype(), 1, 1, count, count).triu(1).to(q_BHND.device());
    }

    private static Tensor builtIn(Tensor q, Tensor k, Tensor v, @Nullable Tensor bias, boolean causal, double scale) {
        if (!q.device().isCpu()) {
            return call(q, k, v, bias, causal, scale);
        }
        try (var _ = BlasThreads.one()) {
            return call(q, k, v, bias, causal, scale);
        }
    }

    private static Tensor call(Tensor q, Tensor k, Tensor v, @Nullable Tensor bias, boolean causal, double scale) {
        return Tensor.own(
                Frame.begin(Aten.ATTENTION).tensor(q).tensor(k).tensor(v).optionalTensor(bias)
                        .f64(0).bool(causal).optional(scale).bool(false).call());
    }
}
