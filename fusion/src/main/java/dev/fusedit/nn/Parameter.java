package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import org.jspecify.annotations.Nullable;

/// One learned tensor.
///
/// @param name in the whole model: `dit.layers.0.self_attn.q_proj.weight`
/// @param master what the optimizer changes
/// @param compute what layers read and gradients arrive at: the master itself, or its copy in a smaller dtype
public record Parameter(String name, Tensor master, Tensor compute) {
    public boolean trainable() { return compute.requiresGrad(); }

    /// The gradient in f32 (f64 for f64 weights), as a new handle in the innermost scope. Null where the last backward passes brought none.
    public @Nullable Tensor gradient() {
        var grad = compute.grad();
        return grad == null ? null : grad.to(master.dtype().wide());
    }

    /// The same values with a leaf of their own, which the innermost scope owns.
    Parameter replica() { return new Parameter(name, master, compute.detach().requiresGrad(compute.requiresGrad())); }

    boolean hasCopy() { return compute != master; }
}
