package dev.fusedit.trainer.step;

import dev.fusedit.torch.TorchException;

/// Memory did not hold a training step. It was not taken: weights, averages and moments are those before it, and so they can be saved.
public final class StepOutOfMemory extends RuntimeException {
    private static final long serialVersionUID = 1;

    StepOutOfMemory(TorchException cause) { super(cause.getMessage(), cause); }

    /// Of any of several processes.
    StepOutOfMemory(String message) { super(message); }
}
