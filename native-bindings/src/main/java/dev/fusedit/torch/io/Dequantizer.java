package dev.fusedit.torch.io;

import java.nio.ByteBuffer;

/// Turns one block of a quantised tensor into floats.
///
/// The formulas are those of ggml's `ggml-quants.c`. Each product and difference is rounded by itself, as in the `gguf` Python
/// package, so the results agree with it to the bit.
@FunctionalInterface
interface Dequantizer {
    /// @param block little-endian bytes of many blocks
    /// @param from where this block begins
    /// @param to where its first value goes in `out`
    void block(ByteBuffer block, int from, float[] out, int to);

    /// d, 16 bytes of two 4-bit values each: the low halves first, then the high ones. w = d (q - 8)
    static void q4_0(ByteBuffer block, int from, float[] out, int to) {
        var d = half(block, from);
        for (int i = 0; i < 16; i++) {
            var both = block.get(from + 2 + i);
            out[to + i] = d * ((both & 15) - 8);
            out[to + 16 + i] = d * ((both >> 4 & 15) - 8);
        }
    }

    /// As Q4_0 with a fifth bit for each value in a word of 32. w = d (q - 16)
    static void q5_0(ByteBuffer block, int from, float[] out, int to) {
        var d = half(block, from);
        var high = block.getInt(from + 2);
        for (int i = 0; i < 16; i++) {
            var both = block.get(from + 6 + i);
            out[to + i] = d * ((both & 15 | (high >> i & 1) << 4) - 16);
            out[to + 16 + i] = d * ((both >> 4 & 15 | (high >> 16 + i & 1) << 4) - 16);
        }
    }

    /// d, 32 signed bytes. w = d q
    static void q8_0(ByteBuffer block, int from, float[] out, int to) {
        var d = half(block, from);
        for (int i = 0; i < 32; i++) {
            out[to + i] = d * block.get(from + 2 + i);
        }
    }

    static float half(ByteBuffer block, int at) { return Float.float16ToFloat(block.getShort(at)); }
}
