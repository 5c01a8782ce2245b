package dev.fusedit.fusion.llm;

import dev.fusedit.nn.KeysValues;
import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Tensor;
import org.jspecify.annotations.Nullable;

/// How an attention's scores are made of products.
///
/// @param scale factor
/// @param cap what they are bent into afterwards, 0 for nothing
public record Scores(double scale, double cap) {
    /// 1/√D and no cap, as the paper's fused layers have it.
    public static Scores plain(int headDim) { return new Scores(1 / Math.sqrt(headDim), 0); }

    /// Every query sees every key, but for what the bias (B, 1, 1, L) takes away.
    public Tensor attend(Tensor q_BHND, KeysValues keys, @Nullable Tensor bias) {
        return cap > 0 ? Attention.capped(q_BHND, keys.keys(), keys.values(), bias, scale, cap)
                : Attention.attend(q_BHND, keys.keys(), keys.values(), bias, scale);
    }
}
