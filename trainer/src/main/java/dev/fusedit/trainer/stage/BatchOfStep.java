package dev.fusedit.trainer.stage;

import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.PixelArrays;

/// The batches of a stage. Any thread.
@FunctionalInterface
public interface BatchOfStep {
    /// @param step counted in the stage from 0
    /// @param arrays of batches that are done with
    Batch of(long step, PixelArrays arrays);
}
