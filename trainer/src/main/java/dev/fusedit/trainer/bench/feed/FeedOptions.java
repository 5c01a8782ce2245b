package dev.fusedit.trainer.bench.feed;

import dev.fusedit.torch.UserError;

/// How a recipe's data is measured.
///
/// @param images that count, at least
/// @param warmUp images before them, while Java compiles its loops
/// @param from step of the stage to begin with, as a run that is resumed does
public record FeedOptions(long images, long warmUp, long from) {
    public FeedOptions {
        if (images < 1) throw new UserError("bench feed: at least one image counts, not " + images);
        if (warmUp < 0) throw new UserError("bench feed: at least no image is for warming up, not " + warmUp);
        if (from < 0) throw new UserError("bench feed: steps are counted from 0, not " + from);
    }
}
