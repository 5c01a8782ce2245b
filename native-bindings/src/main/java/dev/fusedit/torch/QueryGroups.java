package dev.fusedit.torch;

/// Grouped-query attention (GQA): queries that share a key/value head as rows of one matrix, so that keys and values need not be repeated.
/// The rows' order (N, G) makes the usual memory of a projection, (B, N, H, D) seen as (B, H, N, D), free to fold and unfold when K is 1.
///
/// Letters: B batch, H heads, K key/value heads, G = H / K, N queries, D head width.
///
/// @param kvHeads K
public record QueryGroups(long kvHeads) {
    /// (B, H, N, D) → (B, K, N · G, D)
    public Tensor fold(Tensor q_BHND) {
        return q_BHND.reshape(q_BHND.size(0), kvHeads, q_BHND.size(1) / kvHeads, q_BHND.size(2), q_BHND.size(3)).transpose(2, 3)
                .flatten(2, 3);
    }

    /// (B, K, N · G, D) → (B, H, N, D)
    public Tensor unfold(Tensor rows_BKRD, long heads) {
        long groups = heads / kvHeads;
        return rows_BKRD.reshape(rows_BKRD.size(0), kvHeads, rows_BKRD.size(2) / groups, groups, -1).transpose(2, 3).flatten(1, 2);
    }
}
