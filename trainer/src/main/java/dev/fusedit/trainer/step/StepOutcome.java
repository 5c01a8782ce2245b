package dev.fusedit.trainer.step;

/// What became of a step.
public enum StepOutcome {
    LEARNED,
    /// The gradient was huge, and was shrunk to the usual norm.
    SHRUNK,
    /// The gradient was huge: nothing was changed.
    LEFT_OUT,
    /// In f16 the loss or the gradient was not finite: nothing but the loss's scale was changed.
    OVERFLOWED;

    /// Whether weights were changed.
    boolean learns() {
        return switch (this) {
            case LEARNED, SHRUNK -> true;
            case LEFT_OUT, OVERFLOWED -> false;
        };
    }
}
