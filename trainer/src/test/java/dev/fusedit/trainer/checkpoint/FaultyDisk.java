package dev.fusedit.trainer.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;

/// A disk that fails at its n-th step. Every chunk of every file counts as one, before and after it goes out, so that torn files
/// occur too.
final class FaultyDisk implements Disk {
    enum Fault { FULL, KILL }

    /// Stands for the end of the process: nobody catches it, and the disk does nothing more.
    static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    private final Fault fault;
    private final int failAt;
    private final boolean forGood;
    private int step;

    FaultyDisk(Fault fault, int failAt) { this(fault, failAt, false); }

    /// @param forGood whether a full disk stays full; one that gives back space works on
    FaultyDisk(Fault fault, int failAt, boolean forGood) {
        this.fault = fault;
        this.failAt = failAt;
        this.forGood = forGood;
    }

    boolean reached() { return step >= failAt; }

    private void step() throws IOException {
        step++;
        if (fault == Fault.FULL && (step == failAt || forGood && step > failAt)) throw new IOException("No space left on device");
        if (fault == Fault.KILL && step >= failAt) throw new Killed();
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        step();
        REAL.createDirectory(directory);
    }

    @Override
    public Written write(Path file, Content content) throws IOException {
        step();
        var written = REAL.write(file, out -> content.writeTo(new Torn(out)));
        step();
        return written;
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        step();
        REAL.rename(from, to);
    }

    @Override
    public void link(Path link, Path target) throws IOException {
        step();
        REAL.link(link, target);
    }

    @Override
    public void sync(Path directory) throws IOException {
        step();
        REAL.sync(directory);
    }

    @Override
    public void delete(Path file) throws IOException {
        step();
        REAL.delete(file);
    }

    private final class Torn implements WritableByteChannel {
        private final WritableByteChannel out;

        Torn(WritableByteChannel out) { this.out = out; }

        @Override
        public int write(ByteBuffer source) throws IOException {
            int size = source.remaining();
            out.write(source.slice(source.position(), size / 2));
            step();
            source.position(source.position() + size / 2);
            out.write(source);
            return size;
        }

        @Override
        public boolean isOpen() { return true; }

        @Override
        public void close() {}
    }
}
