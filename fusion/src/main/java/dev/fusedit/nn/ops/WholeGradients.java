package dev.fusedit.nn.ops;

import dev.fusedit.torch.Tensor;
import java.util.List;
import java.util.function.Supplier;

/// Told, while a backward pass goes on, of parameters whose gradients are whole: in the tensor that layers compute with, on the thread of
/// the pass.
@FunctionalInterface
public interface WholeGradients {
    /// Nobody asks.
    WholeGradients UNTOLD = _ -> {};

    void whole(Tensor parameter);

    /// Before the first is.
    ///
    /// @param order of all that will be told; the same for the same model and losses
    default void begin(Supplier<List<Tensor>> order) {}
}
