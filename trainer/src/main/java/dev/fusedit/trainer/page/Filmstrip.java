package dev.fusedit.trainer.page;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// Images of the same prompts through time, to be scrubbed.
///
/// @param frames from the first to the last, at least one
public record Filmstrip(ImmutableList<Frame> frames) {
    /// What was drawn after a step.
    public record Frame(long step, ImmutableList<PageImage> images) {
        public Frame {
            checkArgument(!images.isEmpty(), "step %s has no images", step);
        }
    }

    public Filmstrip {
        checkArgument(!frames.isEmpty(), "a strip has at least one frame");
    }

    public static Filmstrip of(List<Frame> frames) { return new Filmstrip(ImmutableList.copyOf(frames)); }
}
