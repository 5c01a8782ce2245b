package dev.fusedit.trainer.data.prepare;

import java.io.IOException;
import java.util.concurrent.Semaphore;

/// How much is decoded at once: as many images as there are cores, and no more pixels than fit into a part of Java's heap.
final class PixelBudget {
    /// As a file's decoder, RGB and a resized copy take them.
    private static final int BYTES_PER_PIXEL = 12;
    private static final int HEAP_SHARE = 3;

    private final int most = (int) Math.min(Integer.MAX_VALUE, (Runtime.getRuntime().maxMemory() / HEAP_SHARE >> 10));
    private final Semaphore kibibytes = new Semaphore(most, true);
    private final Semaphore cores;

    PixelBudget(int cores) { this.cores = new Semaphore(cores, true); }

    /// What may wait for its turn.
    @FunctionalInterface
    interface Work<T> {
        T run() throws IOException;
    }

    /// An image that alone takes more than all gets all.
    <T> T within(long pixels, Work<T> work) throws InterruptedException, IOException {
        int share = (int) Math.min(most, 1 + (pixels * BYTES_PER_PIXEL >> 10));
        kibibytes.acquire(share);
        try {
            cores.acquire();
            try {
                return work.run();
            } finally {
                cores.release();
            }
        } finally {
            kibibytes.release(share);
        }
    }

    /// Pixels of an image that may be decoded here at all.
    long mostPixels() { return Runtime.getRuntime().maxMemory() / HEAP_SHARE / BYTES_PER_PIXEL; }
}
