package dev.fusedit.trainer.data.blocks;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.List;

/// Random draws that are a function of (seed, purpose, index): SplitMix64 (Steele, Lea, Flood 2014) started from a hash of the three.
/// Two dice made alike throw alike, whatever was thrown before, on any thread.
public final class Dice {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private long state;

    public Dice(long seed, long purpose, long index) { this.state = mix(mix(mix(seed + GOLDEN) + purpose + GOLDEN) + index + GOLDEN); }

    /// 64 fresh bits.
    public long bits() { return mix(state += GOLDEN); }

    /// 0 to bound - 1: the high word of bits · bound, so that every language gets the same number.
    public int below(int bound) {
        checkArgument(bound > 0, "bound %s", bound);
        return (int) Math.unsignedMultiplyHigh(bits(), bound);
    }

    /// From low to high, both included.
    public int between(int low, int high) { return low + below(high - low + 1); }

    public <T> T pick(List<T> list) { return list.get(below(list.size())); }

    public <T> T pick(T[] array) { return array[below(array.length)]; }

    /// An index, each as likely as its weight.
    public int weighted(int... weights) {
        int sum = 0;
        for (int weight : weights) sum += weight;
        int left = below(sum);
        int i = 0;
        while (left >= weights[i]) left -= weights[i++];
        return i;
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
