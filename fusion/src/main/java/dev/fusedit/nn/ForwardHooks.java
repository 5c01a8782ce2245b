package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;

/// Forward hooks (PyTorch's `register_forward_hook`): called with intermediate outputs by name (`llm.layer.0`, `dit.in`, `temb`). The
/// tensor is the model's and may be freed after the call.
@FunctionalInterface
public interface ForwardHooks {
    ForwardHooks NONE = (_, _) -> {};

    void see(String name, Tensor value);
}
