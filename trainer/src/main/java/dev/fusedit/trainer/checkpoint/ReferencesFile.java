package dev.fusedit.trainer.checkpoint;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;

/// A run's references as its checkpoints get them. The files are read whole once, by the thread that writes the first checkpoint.
public final class ReferencesFile implements Content {
    private References references;

    public ReferencesFile(References references) { this.references = references; }

    public synchronized boolean isEmpty() { return references.isEmpty(); }

    @Override
    public synchronized void writeTo(WritableByteChannel out) throws IOException {
        references = references.withWhole();
        references.content().writeTo(out);
    }
}
