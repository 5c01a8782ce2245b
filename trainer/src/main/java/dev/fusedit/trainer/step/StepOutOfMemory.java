package dev.fusedit.trainer.step;

import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.distributed.ProcessGroup;
import java.util.function.Supplier;

/// Memory did not hold a training step. It was not taken: weights, averages and moments are those before it, and so they can be saved.
public final class StepOutOfMemory extends RuntimeException {
    private static final long serialVersionUID = 1;

    StepOutOfMemory(TorchException cause) { super(cause.getMessage(), cause); }

    /// Runs `body`, which changes nothing that learns.
    ///
    /// @throws StepOutOfMemory if an allocator refused
    public static <T> T told(Supplier<T> body) {
        try {
            return body.get();
        } catch (TorchException e) {
            throw e.isOutOfMemory() ? new StepOutOfMemory(e) : e;
        }
    }

    /// What one process tells the others.
    static String words(ProcessGroup here, TorchException refused) { return "rank %d: %s".formatted(here.rank(), refused.getMessage()); }

    /// Of any of several processes.
    StepOutOfMemory(String message) { super(message); }
}
