package dev.fusedit.nn;

/// The attention scale, and logit soft-capping: softcap · tanh(q · kᵀ · scale / softcap).
///
/// @param scale factor on q · kᵀ
/// @param softcap bound of the scores (`attn_logit_softcapping`), 0 for none
public record ScoreScaling(double scale, double softcap) {
    /// 1/√D and no soft-capping, as the paper's fused layers have it.
    public static ScoreScaling plain(int headDim) { return new ScoreScaling(1 / Math.sqrt(headDim), 0); }
}
