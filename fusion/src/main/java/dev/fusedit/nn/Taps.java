package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;

/// Looks at what flows through a model: `llm.layer.0`, `dit.in`, `temb`. The tensor is the model's and may be freed after the call.
@FunctionalInterface
public interface Taps {
    Taps NONE = (_, _) -> {};

    void see(String name, Tensor value);
}
