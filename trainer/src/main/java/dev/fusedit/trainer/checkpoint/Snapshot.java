package dev.fusedit.trainer.checkpoint;

import java.util.Map;

/// What a checkpoint is to hold, as it was at one moment: the writer may take its time.
///
/// Made and closed on the thread that trains; the contents are written by another.
///
/// @param files by their names, in the order in which they are written
/// @param release frees the memory of the copies
public record Snapshot(Map<String, Content> files, Runnable release) implements AutoCloseable {
    @Override
    public void close() { release.run(); }
}
