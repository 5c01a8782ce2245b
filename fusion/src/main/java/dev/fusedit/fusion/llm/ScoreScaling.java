package dev.fusedit.fusion.llm;

import dev.fusedit.nn.KeyValues;
import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Tensor;
import org.jspecify.annotations.Nullable;

/// The attention scale, and logit soft-capping: softcap · tanh(q · kᵀ · scale / softcap).
///
/// @param scale factor on q · kᵀ
/// @param softcap bound of the scores (`attn_logit_softcapping`), 0 for none
public record ScoreScaling(double scale, double softcap) {
    /// 1/√D and no soft-capping, as the paper's fused layers have it.
    public static ScoreScaling plain(int headDim) { return new ScoreScaling(1 / Math.sqrt(headDim), 0); }

    /// Every query sees every key, but for what the bias (B, 1, 1, L) takes away.
    public Tensor attend(Tensor q_BHND, KeyValues keys, @Nullable Tensor bias) {
        return softcap > 0 ? Attention.softcapped(q_BHND, keys.keys(), keys.values(), bias, scale, softcap)
                : Attention.attend(q_BHND, keys.keys(), keys.values(), bias, scale);
    }
}
