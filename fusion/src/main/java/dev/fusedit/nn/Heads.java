package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;

/// Heads side by side in the last dimension, and as a dimension of their own.
public final class Heads {
    private Heads() {}

    /// (B, N, H·D) → (B, H, N, D), a view
    public static Tensor split(Tensor x, long heads) { return x.view(x.size(0), x.size(1), heads, -1).transpose(1, 2); }

    /// (B, H, N, D) → (B, N, H·D)
    public static Tensor merge(Tensor x) { return x.transpose(1, 2).flatten(2, 3); }
}
