package dev.fusedit.torch.internal.vector;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Weighted sums of 8-bit samples, in whole numbers, shifted right with rounding and clamped to 8 bits. The bits do not depend on the vectors'
/// width.
public final class SampleSums {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = INTS.length();
    /// As many bytes as there are lanes, or a few more.
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, INTS.vectorBitSize() / 4)));
    private static final int COLOURS = 3;
    /// More than as many pixels as there are lanes.
    private static final VectorSpecies<Byte> PIXELS = VectorSpecies.of(byte.class, INTS.vectorShape());
    private static final VectorShuffle<Byte> RED = ofColour(0);
    private static final VectorShuffle<Byte> GREEN = ofColour(1);
    private static final VectorShuffle<Byte> BLUE = ofColour(2);
    /// Four samples of a row, the first one lowest.
    private static final VarHandle FOUR = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private SampleSums() {}

    private static VectorShuffle<Byte> ofColour(int colour) {
        return VectorShuffle.fromOp(PIXELS, i -> (COLOURS * i + colour) % PIXELS.length());
    }

    /// New rows, each sample of neighbours in the old row. As many rows as there are lanes are summed up at once, for which their samples are
    /// laid side by side.
    ///
    /// @param row samples of an old row
    /// @param first the first old pixel of each new one
    /// @param weights of that one and of those that follow it
    /// @param to rows of `first.length` pixels, overwritten
    public static void along(byte[] from, int row, int channels, int[] first, int[][] weights, int shift, byte[] to) {
        int rows = from.length / row, wide = channels * first.length;
        var fours = new int[(Math.max(row, wide) / 4 + 1) * LANES];
        var old = new byte[(row + 4) * LANES + BYTES.length()];
        var sums = new int[(wide + 4) * LANES];
        for (int y = 0; y < rows; y += LANES) {
            sideBySide(from, y, row, fours, old);
            sum(old, channels, first, weights, shift, sums);
            apart(sums, fours, to, y, wide);
        }
    }

    /// @param y the first of the rows; behind the last one it stands in for those that are missing
    /// @param old a row's first samples, then all their second ones, and so on
    private static void sideBySide(byte[] from, int y, int row, int[] fours, byte[] old) {
        int last = from.length / row - 1, whole = row / 4;
        for (int lane = 0; lane < LANES; lane++) {
            int begin = Math.min(y + lane, last) * row, rest = 0;
            for (int i = 0; i < whole; i++) fours[i * LANES + lane] = (int) FOUR.get(from, begin + 4 * i);
            for (int i = 4 * whole; i < row; i++) rest |= (from[begin + i] & 255) << 8 * (i % 4);
            fours[whole * LANES + lane] = rest;
        }
        for (int i = 0; i <= whole; i++) {
            var four = IntVector.fromArray(INTS, fours, i * LANES);
            for (int k = 0; k < 4; k++) bytes(four.lanewise(VectorOperators.LSHR, 8 * k)).intoArray(old, (4 * i + k) * LANES);
        }
    }

    private static void sum(byte[] old, int channels, int[] first, int[][] weights, int shift, int[] sums) {
        if (channels == COLOURS) sumPixels(old, first, weights, shift, sums);
        else for (int x = 0; x < first.length; x++) {
            for (int c = 0; c < channels; c++) {
                var sum = IntVector.broadcast(INTS, 1 << shift - 1);
                int at = (channels * first[x] + c) * LANES;
                for (int weight : weights[x]) {
                    sum = ints(old, at).mul(weight).add(sum);
                    at += channels * LANES;
                }
                clamped(sum, shift).intoArray(sums, (channels * x + c) * LANES);
            }
        }
    }

    /// As many sums at once as a pixel has samples.
    private static void sumPixels(byte[] old, int[] first, int[][] weights, int shift, int[] sums) {
        for (int x = 0; x < first.length; x++) {
            var red = IntVector.broadcast(INTS, 1 << shift - 1);
            var green = red;
            var blue = red;
            int at = COLOURS * first[x] * LANES, to = COLOURS * x * LANES;
            for (int weight : weights[x]) {
                var each = IntVector.broadcast(INTS, weight);
                red = ints(old, at).mul(each).add(red);
                green = ints(old, at + LANES).mul(each).add(green);
                blue = ints(old, at + 2 * LANES).mul(each).add(blue);
                at += COLOURS * LANES;
            }
            clamped(red, shift).intoArray(sums, to);
            clamped(green, shift).intoArray(sums, to + LANES);
            clamped(blue, shift).intoArray(sums, to + 2 * LANES);
        }
    }

    private static void apart(int[] sums, int[] fours, byte[] to, int y, int wide) {
        for (int i = 0; i <= wide / 4; i++) {
            var four = IntVector.fromArray(INTS, sums, 4 * i * LANES);
            for (int k = 1; k < 4; k++)
                four = four.or(IntVector.fromArray(INTS, sums, (4 * i + k) * LANES).lanewise(VectorOperators.LSHL, 8 * k));
            four.intoArray(fours, i * LANES);
        }
        int rows = Math.min(LANES, to.length / wide - y), whole = wide / 4;
        for (int lane = 0; lane < rows; lane++) {
            int begin = (y + lane) * wide;
            for (int i = 0; i < whole; i++) FOUR.set(to, begin + 4 * i, fours[i * LANES + lane]);
            for (int i = 4 * whole; i < wide; i++) to[begin + i] = (byte) sums[i * LANES + lane];
        }
    }

    /// A new row, of old ones that lie one below the other.
    ///
    /// @param begin of the first old row
    /// @param weights one for each old row
    /// @param width of a row, in samples; those behind the last whole vector are left to the caller
    /// @param at where the new row begins
    /// @return the samples that were written
    public static int down(byte[] from, int begin, int[] weights, int width, int shift, byte[] to, int at) {
        int i = 0;
        for (; i + BYTES.length() <= width; i += LANES) {
            var sum = IntVector.broadcast(INTS, 1 << shift - 1);
            for (int k = 0, place = begin + i; k < weights.length; k++, place += width) sum = ints(from, place).mul(weights[k]).add(sum);
            bytes(clamped(sum, shift)).intoArray(to, at + i);
        }
        return i;
    }

    /// Of each pixel's three samples one.
    ///
    /// @param rgb pixels; those behind the last whole vector are left to the caller
    /// @return the pixels that were written
    public static int across(byte[] rgb, int red, int green, int blue, int shift, byte[] to) {
        int i = 0;
        for (; COLOURS * i + PIXELS.length() <= rgb.length && i + BYTES.length() <= to.length; i += LANES) {
            var some = ByteVector.fromArray(PIXELS, rgb, COLOURS * i);
            var sum = ints(some.rearrange(RED)).mul(red).add(ints(some.rearrange(GREEN)).mul(green))
                    .add(ints(some.rearrange(BLUE)).mul(blue)).add(1 << shift - 1);
            bytes(clamped(sum, shift)).intoArray(to, i);
        }
        return i;
    }

    private static IntVector ints(byte[] samples, int at) { return ints(ByteVector.fromArray(BYTES, samples, at)); }

    private static IntVector ints(ByteVector samples) {
        return (IntVector) samples.convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
    }

    private static IntVector clamped(IntVector sum, int shift) {
        return sum.lanewise(VectorOperators.ASHR, shift).max(0).min(255);
    }

    private static ByteVector bytes(IntVector samples) { return (ByteVector) samples.convertShape(VectorOperators.I2B, BYTES, 0); }
}
