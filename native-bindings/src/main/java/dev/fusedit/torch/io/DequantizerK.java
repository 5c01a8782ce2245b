package dev.fusedit.torch.io;

/// The K quantisations: 256 values in sub-blocks with scales of their own, which are quantised too.
final class DequantizerK {
    private DequantizerK() {}

    /// d, dmin, 12 bytes of scales and minima, 128 bytes of 4-bit values. w = d s q - dmin m
    static void q4(byte[] bytes, int from, float[] out, int to) {
        for (int sub = 0; sub < 8; sub++) {
            var scale = Dequantizer.half(bytes, from) * scale(bytes, from + 4, sub);
            var min = Dequantizer.half(bytes, from + 2) * min(bytes, from + 4, sub);
            var values = from + 16 + sub / 2 * 32;
            var shift = sub % 2 * 4;
            for (int i = 0; i < 32; i++) {
                float scaled = scale * (bytes[values + i] >> shift & 15);
                out[to + sub * 32 + i] = scaled - min;
            }
        }
    }

    /// As Q4_K, with 32 bytes of fifth bits before the values: bit j of byte i belongs to value i of sub-block j.
    static void q5(byte[] bytes, int from, float[] out, int to) {
        for (int sub = 0; sub < 8; sub++) {
            var scale = Dequantizer.half(bytes, from) * scale(bytes, from + 4, sub);
            var min = Dequantizer.half(bytes, from + 2) * min(bytes, from + 4, sub);
            var values = from + 48 + sub / 2 * 32;
            var shift = sub % 2 * 4;
            for (int i = 0; i < 32; i++) {
                var high = bytes[from + 16 + i] >> sub & 1;
                float scaled = scale * (bytes[values + i] >> shift & 15 | high << 4);
                out[to + sub * 32 + i] = scaled - min;
            }
        }
    }

    /// 128 bytes of low halves, 64 of upper two bits, 16 signed scales, d. w = d s (q - 32). In each half of 128 values, value i of row r
    /// (four rows of 32) has its low bits in byte 32 (r mod 2) + i, the lower half for rows 0 and 1, and its upper bits in byte i at bit 2
    /// r.
    static void q6(byte[] bytes, int from, float[] out, int to) {
        var d = Dequantizer.half(bytes, from + 208);
        for (int row = 0; row < 8; row++) {
            var low = from + row / 4 * 64 + row % 2 * 32;
            var lowShift = row % 4 / 2 * 4;
            var high = from + 128 + row / 4 * 32;
            for (int i = 0; i < 32; i++) {
                var scale = d * bytes[from + 192 + row * 2 + i / 16];
                var q = (bytes[low + i] >> lowShift & 15 | (bytes[high + i] >> row % 4 * 2 & 3) << 4) - 32;
                out[to + row * 32 + i] = scale * q;
            }
        }
    }

    // Eight scales and eight minima of six bits. Bytes 0-3: scales 0-3, bytes 4-7: minima 0-3, each with two upper bits of scale or minimum
    // 4-7 on top; bytes 8-11: the low halves of scales and minima 4-7.

    private static int scale(byte[] bytes, int at, int sub) {
        return sub < 4 ? bytes[at + sub] & 63 : bytes[at + 4 + sub] & 15 | bytes[at + sub - 4] >> 2 & 48;
    }

    private static int min(byte[] bytes, int at, int sub) {
        return sub < 4 ? bytes[at + 4 + sub] & 63 : bytes[at + 4 + sub] >> 4 & 15 | bytes[at + sub] >> 2 & 48;
    }
}
