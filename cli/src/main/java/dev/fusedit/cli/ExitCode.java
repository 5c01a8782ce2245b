package dev.fusedit.cli;

import dev.fusedit.trainer.step.DivergedException;

/// What scripts rely on. 130 (interrupted) and 143 (terminated) are the shell's own numbers for a signal.
final class ExitCode {
    static final int OK = 0;
    static final int CHECK_FAILED = 1;
    static final int BAD_INPUT = 2;
    static final int ENVIRONMENT = 3;
    static final int DIVERGED = DivergedException.STATUS;

    private ExitCode() {}
}
