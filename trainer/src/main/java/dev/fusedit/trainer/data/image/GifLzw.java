package dev.fusedit.trainer.data.image;

/// Decodes a GIF frame's packed indices: codes of growing width, each an index or a string of them that was seen before.
final class GifLzw {
    private static final int MOST_CODES = 4096;
    private static final int MOST_BITS = 12;

    private final int clear;
    private final byte[] packed;
    private final int[] prefix = new int[MOST_CODES];
    private final byte[] last = new byte[MOST_CODES];
    private final int[] length = new int[MOST_CODES];
    private int bit;
    private int count;

    /// @param bits of an index
    GifLzw(int bits, byte[] packed) throws BadImage {
        if (bits < 1 || bits > 8) throw new BadImage("its first frame is damaged");
        clear = 1 << bits;
        this.packed = packed;
        for (int i = 0; i < clear; i++) {
            last[i] = (byte) i;
            length[i] = 1;
        }
    }

    /// How many indices were there.
    int count() { return count; }

    /// @return `size` indices; where the data ends before, the others are 0
    /// @throws BadImage if a code stands for nothing
    byte[] decode(int size) throws BadImage {
        var indices = new byte[size];
        int end = clear + 1, next = clear + 2, bits = Integer.numberOfTrailingZeros(clear) + 1, before = -1;
        while (count < size) {
            int code = code(bits);
            if (code == end || code < 0) return indices;
            if (code == clear) {
                next = clear + 2;
                bits = Integer.numberOfTrailingZeros(clear) + 1;
                before = -1;
                continue;
            }
            if (code > next || code >= next && (before < 0 || next == MOST_CODES)) throw new BadImage("its first frame is damaged");
            if (before >= 0 && next < MOST_CODES) {
                prefix[next] = before;
                length[next] = length[before] + 1;
                last[next] = first(code == next ? before : code);
                next++;
                if (next == 1 << bits && bits < MOST_BITS) bits++;
            }
            write(code, indices);
            before = code;
        }
        return indices;
    }

    private int code(int bits) {
        if (bit + bits > 8L * packed.length) return -1;
        int code = 0;
        for (int i = 0; i < bits; i++, bit++) {
            code |= (packed[bit >> 3] >> (bit & 7) & 1) << i;
        }
        return code;
    }

    private byte first(int code) {
        int at = code;
        while (at >= clear) {
            at = prefix[at];
        }
        return last[at];
    }

    private void write(int code, byte[] indices) {
        int at = code;
        for (int i = count + length[code] - 1; i >= count; i--) {
            if (i < indices.length) indices[i] = last[at];
            at = prefix[at];
        }
        count = Math.min(indices.length, count + length[code]);
    }
}
