package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.trainer.data.blocks.Dice;

/// Epochs of the same samples, each in another order: which sample comes at a position is a function of seed and position alone, so no
/// list is kept or shuffled, and a run may begin anywhere.
///
/// Each epoch is a Feistel network of four rounds over the smallest even number of bits that holds the samples (Luby and Rackoff 1988,
/// "How to construct pseudorandom permutations from pseudorandom functions"). It permutes a power of four; a result beyond the last
/// sample is permuted again until it is within ("cycle walking", Black and Rogaway 2002), fewer than four times on average.
///
/// @param samples of an epoch
record SampleOrder(long seed, long samples) {
    /// Of the dice; numbers that `Split` does not use.
    private static final long KEYS = 102;
    private static final int ROUNDS = 4;

    SampleOrder {
        checkArgument(samples > 0, "an epoch has at least one sample, not %s", samples);
    }

    /// Which of the samples, 0 to `samples` - 1, stands at a position, counted from 0 over all epochs.
    long at(long position) { return permuted(position % samples, keys(position / samples)); }

    /// Another sample than this one. Each sample is the other one of exactly one.
    long other(long sample) {
        checkArgument(samples > 1, "there is no other sample than the only one");
        var keys = keys(-1); // no epoch has this number
        return permuted((inverse(sample, keys) + 1) % samples, keys);
    }

    private long[] keys(long epoch) {
        var dice = new Dice(seed, KEYS, epoch);
        var keys = new long[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) keys[i] = dice.bits();
        return keys;
    }

    /// Half of the bits of a place.
    private int half() { return Math.max(1, (Long.SIZE - Long.numberOfLeadingZeros(samples - 1) + 1) / 2); }

    private long permuted(long place, long[] keys) {
        do place = forward(place, keys);
        while (place >= samples);
        return place;
    }

    private long inverse(long place, long[] keys) {
        do place = backward(place, keys);
        while (place >= samples);
        return place;
    }

    private long forward(long place, long[] keys) {
        int bits = half();
        long low = place & mask(bits);
        long high = place >>> bits;
        for (long key : keys) {
            long next = high ^ round(low, key) & mask(bits);
            high = low;
            low = next;
        }
        return high << bits | low;
    }

    private long backward(long place, long[] keys) {
        int bits = half();
        long low = place & mask(bits);
        long high = place >>> bits;
        for (int i = keys.length - 1; i >= 0; i--) {
            long before = low ^ round(high, keys[i]) & mask(bits);
            low = high;
            high = before;
        }
        return high << bits | low;
    }

    private static long round(long half, long key) { return new Dice(key, KEYS, half).bits(); }

    private static long mask(int bits) { return (1L << bits) - 1; }
}
