package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.FreedMemory;

/// What the start of a long process needed for a while: files that were parsed, vocabularies.
///
/// Java's heap grows rather than being collected, up to its limit, and stays so large: over a published language model's vocabulary and metadata it
/// becomes 440 MiB, of which 30 are still needed. The library of tokenizers leaves another 270 MiB freed in the C library's heap. Without this both
/// would stay for hours.
public final class StartingMemory {
    /// Heaps below this are left alone.
    private static final long LARGE = 128L << 20;
    /// The serial collector gives back nothing at first, then 10 %, 40 % and all of what it may.
    private static final int STEPS = 4;

    private StartingMemory() {}

    /// Gives it back to the system, where it is much. To be called once, when all is read. It takes about a quarter of a second then.
    public static void giveBack() {
        if (Runtime.getRuntime().totalMemory() < LARGE) return;
        for (int i = 0; i < STEPS; i++) {
            System.gc();
        }
        FreedMemory.trim();
    }
}
