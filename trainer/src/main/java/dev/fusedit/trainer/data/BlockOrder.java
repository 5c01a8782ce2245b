package dev.fusedit.trainer.data;

/// Epochs of the same samples, each in another order, in which neighbours of a source stay close together: blocks of them are shuffled, and
/// then the samples within windows of several blocks ("block shuffle"). Reading stays sequential in a few places at a time. Which sample
/// comes at a position is a function of seed and position alone.
///
/// The last block, if it is not full, is the last one of each epoch.
///
/// @param samples of an epoch
/// @param block samples that are neighbours; 1 for a shuffle of all
record BlockOrder(long seed, long samples, int block) {
    /// Blocks of a window.
    private static final int OPEN = 16;

    /// Samples within which the order jumps about.
    long window() { return (long) OPEN * block; }

    /// 0 to `samples` - 1, of a position that counts over all epochs.
    long at(long position) {
        if (block == 1) return new SampleOrder(seed, samples).at(position);
        long epoch = position / samples;
        return ofBlocks(epoch, withinWindow(seed, epoch, position % samples, samples, window()));
    }

    /// Shuffles the places of an epoch within windows.
    static long withinWindow(long seed, long epoch, long place, long samples, long window) {
        long first = place - place % window;
        long length = Math.min(window, samples - first);
        return first + new SampleOrder(seed ^ (epoch * 0x9e3779b97f4a7c15L), length).at(length * (first / window + 1) + place - first);
    }

    /// The sample at a place, if only blocks were shuffled.
    private long ofBlocks(long epoch, long place) {
        long full = samples / block, number = place / block;
        return number >= full ? place : new SampleOrder(seed, full).at(epoch * full + number) * block + place % block;
    }
}
