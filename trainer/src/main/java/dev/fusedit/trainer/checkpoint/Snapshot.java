package dev.fusedit.trainer.checkpoint;

import java.util.Map;

/// What a checkpoint is to hold, as it was at one moment: the writer may take its time.
///
/// Made and closed on the thread that trains; the contents are written by another.
///
/// @param files by their names, in the order in which they are written
/// @param parts that other processes have written already
/// @param release frees the memory of the copies
public record Snapshot(Map<String, Content> files, Parts parts, Runnable release) implements AutoCloseable {
    /// One that a process writes alone.
    public Snapshot(Map<String, Content> files, Runnable release) { this(files, Parts.NONE, release); }

    @Override
    public void close() { release.run(); }
}
