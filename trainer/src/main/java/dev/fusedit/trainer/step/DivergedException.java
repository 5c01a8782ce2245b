package dev.fusedit.trainer.step;

import java.util.List;

/// Training went astray: a number is not finite any more. The step was not taken: weights, averages and moments are those before it, and
/// so they can be saved.
public final class DivergedException extends RuntimeException {
    /// What a process ends with in which it happened: neither a bug nor a mistake in the recipe's form, and the same again from the same
    /// checkpoint.
    public static final int STATUS = 4;

    private static final long serialVersionUID = 1;

    private final long stepsDone;

    /// @param stepsDone optimizer steps done before it, over all stages
    /// @param tensor the first one that went bad
    /// @param samples keys of the batch
    public DivergedException(String stage, long stepsDone, String tensor, double loss, double gradientNorm, List<Long> samples) {
        super("The training diverged: in stage '%s' at step %d the first tensor that is not finite is %s (loss %s, norm of the gradient %s, samples %s). That step was not taken. Lower the learning rate or set grad_clip, and go on from a checkpoint before"
                .formatted(stage, stepsDone + 1, tensor, loss, gradientNorm,
                        samples.isEmpty() ? "none" : samples.getFirst() + " to " + samples.getLast()));
        this.stepsDone = stepsDone;
    }

    /// Optimizer steps done before it, over all stages.
    public long stepsDone() { return stepsDone; }
}
