package dev.fusedit.trainer.stage;

import java.util.List;

/// Training went astray: a number is not finite any more.
public final class DivergedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    DivergedException(String stage, long step, String what, double value, List<Long> samples) {
        super("%s became %s in stage '%s' at step %d (samples %s). Lower the learning rate or set grad_clip, and start again from the last checkpoint"
                .formatted(what, value, stage, step, samples.isEmpty() ? "none" : samples.getFirst() + " to " + samples.getLast()));
    }
}
