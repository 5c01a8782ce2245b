package dev.fusedit.torch.io;

/// Turns one block of a quantised tensor into floats.
///
/// The formulas are those of ggml's `ggml-quants.c`. Each product and difference is rounded by itself, as in the `gguf` Python
/// package, so the results agree with it to the bit.
@FunctionalInterface
interface Dequantizer {
    /// @param bytes many blocks, little-endian
    /// @param from where this block begins
    /// @param to where its first value goes in `out`
    void block(byte[] bytes, int from, float[] out, int to);

    /// d, 16 bytes of two 4-bit values each: the low halves first, then the high ones. w = d (q - 8)
    static void q4_0(byte[] bytes, int from, float[] out, int to) {
        var d = half(bytes, from);
        for (int i = 0; i < 16; i++) {
            var both = bytes[from + 2 + i];
            out[to + i] = d * ((both & 15) - 8);
            out[to + 16 + i] = d * ((both >> 4 & 15) - 8);
        }
    }

    /// As Q4_0 with a fifth bit for each value in a word of 32. w = d (q - 16)
    static void q5_0(byte[] bytes, int from, float[] out, int to) {
        var d = half(bytes, from);
        var high = bytes[from + 2] & 255 | (bytes[from + 3] & 255) << 8 | (bytes[from + 4] & 255) << 16 | bytes[from + 5] << 24;
        for (int i = 0; i < 16; i++) {
            var both = bytes[from + 6 + i];
            out[to + i] = d * ((both & 15 | (high >> i & 1) << 4) - 16);
            out[to + 16 + i] = d * ((both >> 4 & 15 | (high >> 16 + i & 1) << 4) - 16);
        }
    }

    /// d, 32 signed bytes. w = d q
    static void q8_0(byte[] bytes, int from, float[] out, int to) {
        var d = half(bytes, from);
        for (int i = 0; i < 32; i++) {
            out[to + i] = d * bytes[from + 2 + i];
        }
    }

    static float half(byte[] bytes, int at) { return Float.float16ToFloat((short) (bytes[at] & 255 | bytes[at + 1] << 8)); }
}
