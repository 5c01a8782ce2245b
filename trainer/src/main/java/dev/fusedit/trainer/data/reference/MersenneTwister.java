package dev.fusedit.trainer.data.reference;

/// The generator behind Python's `random` and PyTorch's CPU generator (MT19937; Matsumoto, Nishimura 1998), seeded as either seeds it.
///
/// Not for several threads at once.
final class MersenneTwister {
    private static final int SIZE = 624, AHEAD = 397;
    private static final int UPPER = 0x80000000, LOWER = 0x7fffffff;

    private final int[] state = new int[SIZE];
    private int next = SIZE;

    private MersenneTwister(int seed) {
        state[0] = seed;
        for (int i = 1; i < SIZE; i++) state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
    }

    /// As `torch.manual_seed` seeds it: by the low 32 bits.
    static MersenneTwister ofTorch(long seed) { return new MersenneTwister((int) seed); }

    /// As `random.seed` seeds it: by all bits of the seed.
    ///
    /// @param seed at least 0
    static MersenneTwister ofPython(long seed) {
        int[] key = seed >>> 32 == 0 ? new int[] {(int) seed} : new int[] {(int) seed, (int) (seed >>> 32)};
        var result = new MersenneTwister(19650218);
        result.stir(key);
        return result;
    }

    private void stir(int[] key) {
        int i = 1;
        for (int k = 0; k < SIZE; k++) {
            int j = k % key.length;
            state[i] = (state[i] ^ (state[i - 1] ^ state[i - 1] >>> 30) * 1664525) + key[j] + j;
            i = following(i);
        }
        for (int k = 1; k < SIZE; k++) {
            state[i] = (state[i] ^ (state[i - 1] ^ state[i - 1] >>> 30) * 1566083941) - i;
            i = following(i);
        }
        state[0] = UPPER;
    }

    private int following(int i) {
        if (i + 1 < SIZE) return i + 1;
        state[0] = state[SIZE - 1];
        return 1;
    }

    /// 32 fresh bits.
    int bits() {
        if (next == SIZE) refill();
        int y = state[next++];
        y ^= y >>> 11;
        y ^= y << 7 & 0x9d2c5680;
        y ^= y << 15 & 0xefc60000;
        return y ^ y >>> 18;
    }

    private void refill() {
        for (int i = 0; i < SIZE; i++) {
            int y = state[i] & UPPER | state[(i + 1) % SIZE] & LOWER;
            state[i] = state[(i + AHEAD) % SIZE] ^ y >>> 1 ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
        }
        next = 0;
    }

    /// Python's `random.random()`: 53 bits in [0, 1).
    double random() {
        long high = bits() >>> 5, low = bits() >>> 6;
        return (high * 0x1p26 + low) * 0x1p-53;
    }

    /// Python's `random.randint(0, bound - 1)`.
    int below(int bound) {
        int width = Integer.SIZE - Integer.numberOfLeadingZeros(bound);
        while (true) {
            int drawn = bits() >>> Integer.SIZE - width;
            if (drawn < bound && drawn >= 0) return drawn;
        }
    }

    /// PyTorch's `torch.empty((), dtype=torch.int64).random_()`: 63 bits.
    long torchLong() {
        long high = Integer.toUnsignedLong(bits());
        return (high << 32 | Integer.toUnsignedLong(bits())) & Long.MAX_VALUE;
    }

    /// PyTorch's `torch.randint(0, bound, (1,))`.
    int torchBelow(int bound) { return Integer.remainderUnsigned(bits(), bound); }
}
