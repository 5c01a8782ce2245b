package dev.fusedit.torch.internal.vector;

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
    private static final VectorSpecies<Byte> PIXELS = ByteVector.SPECIES_128;
    private static final int COLOURS = 3;
    /// Lanes of a pixel, one of which is not used.
    private static final int PIXEL_LANES = 4;
    /// Pixels that are summed up at once.
    private static final int AT_ONCE = LANES / PIXEL_LANES;
    private static final VectorShuffle<Byte> TO_LANES =
            VectorShuffle.fromOp(PIXELS, i -> i / PIXEL_LANES * COLOURS + Math.min(i % PIXEL_LANES, COLOURS - 1));
    private static final VectorShuffle<Integer> OTHER_HALF = VectorShuffle.fromOp(INTS, i -> (i + LANES / 2) % LANES);
    private static final VectorShuffle<Integer> OTHER_QUARTER = VectorShuffle.fromOp(INTS, i -> (i + LANES / 4) % LANES);

    private SampleSums() {}

    /// How [#pixels] and [#samples] take weights: each line's in a whole number of steps, the rest 0; for pixels each of them four times.
    ///
    /// @param channels 1 or 3
    /// @param most weights of a line
    public static int[] laidOut(int channels, int[][] weights, int most) {
        int each = channels == 1 ? 1 : PIXEL_LANES, stride = stride(channels, most);
        var laidOut = new int[weights.length * stride];
        for (int i = 0; i < weights.length; i++) {
            for (int k = 0; k < weights[i].length * each; k++) laidOut[i * stride + k] = weights[i][k / each];
        }
        return laidOut;
    }

    private static int stride(int channels, int most) {
        int lanes = channels == 1 ? most : PIXEL_LANES * most;
        return (lanes + LANES - 1) / LANES * LANES;
    }

    /// New pixels of three samples, each of neighbours in its row.
    ///
    /// @param width of the old rows, in pixels
    /// @param first the first old pixel of each new one
    /// @param weights as [#laidOut] has them
    /// @param to rows of `first.length` pixels, overwritten
    public static void pixels(byte[] from, int width, int[] first, int[] weights, int shift, byte[] to) {
        int count = first.length, stride = weights.length / count, old = COLOURS * width, wide = COLOURS * count;
        var row = new byte[old + COLOURS * stride / PIXEL_LANES + PIXELS.length()];
        var sums = new int[wide + 2 * LANES];
        var out = new byte[wide + 2 * LANES];
        for (int y = 0; y * wide < to.length; y++) {
            System.arraycopy(from, y * old, row, 0, old);
            if (stride == LANES) oneStep(row, first, weights, sums);
            else manySteps(row, first, weights, stride, sums);
            for (int i = 0; i < wide; i += LANES) {
                var rounded = IntVector.fromArray(INTS, sums, i).add(1 << shift - 1).lanewise(VectorOperators.ASHR, shift).max(0).min(255);
                ((ByteVector) rounded.convertShape(VectorOperators.I2B, BYTES, 0)).intoArray(out, i);
            }
            System.arraycopy(out, 0, to, y * wide, wide);
        }
    }

    /// Of few weights: a loop of one step would take more time than the step.
    private static void oneStep(byte[] row, int[] first, int[] weights, int[] sums) {
        for (int x = 0; x < first.length; x++) {
            var some = (IntVector) ByteVector.fromArray(PIXELS, row, COLOURS * first[x]).rearrange(TO_LANES)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
            var sum = some.mul(IntVector.fromArray(INTS, weights, x * LANES));
            if (AT_ONCE > 1) sum = sum.add(sum.rearrange(OTHER_HALF));
            if (AT_ONCE > 2) sum = sum.add(sum.rearrange(OTHER_QUARTER));
            sum.intoArray(sums, COLOURS * x); // what is too much the next pixel overwrites
        }
    }

    private static void manySteps(byte[] row, int[] first, int[] weights, int stride, int[] sums) {
        for (int x = 0; x < first.length; x++) {
            var sum = IntVector.zero(INTS);
            int at = COLOURS * first[x], end = (x + 1) * stride;
            for (int k = x * stride; k < end; k += LANES, at += COLOURS * AT_ONCE) {
                var some = (IntVector) ByteVector.fromArray(PIXELS, row, at).rearrange(TO_LANES)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                sum = some.mul(IntVector.fromArray(INTS, weights, k)).add(sum);
            }
            if (AT_ONCE > 1) sum = sum.add(sum.rearrange(OTHER_HALF));
            if (AT_ONCE > 2) sum = sum.add(sum.rearrange(OTHER_QUARTER));
            sum.intoArray(sums, COLOURS * x);
        }
    }

    /// The same of one sample a pixel.
    public static void samples(byte[] from, int width, int[] first, int[] weights, int shift, byte[] to) {
        int count = first.length, stride = weights.length / count;
        var row = new byte[width + stride + BYTES.length()];
        for (int y = 0; y * count < to.length; y++) {
            System.arraycopy(from, y * width, row, 0, width);
            for (int x = 0; x < count; x++) {
                var sum = IntVector.zero(INTS);
                for (int k = 0; k < stride; k += LANES) {
                    var some = (IntVector) ByteVector.fromArray(BYTES, row, first[x] + k).convertShape(VectorOperators.ZERO_EXTEND_B2I,
                            INTS, 0);
                    sum = some.mul(IntVector.fromArray(INTS, weights, x * stride + k)).add(sum);
                }
                int rounded = sum.reduceLanes(VectorOperators.ADD) + (1 << shift - 1) >> shift;
                to[y * count + x] = (byte) Math.min(255, Math.max(0, rounded));
            }
        }
    }

    /// A new row, of old ones that lie one below the other.
    ///
    /// @param begin of the first old row
    /// @param weights one for each old row
    /// @param width of a row, in samples; those behind the last whole vector are left to the caller
    /// @param at where the new row begins
    /// @return the samples that were written
    public static int row(byte[] from, int begin, int[] weights, int width, int shift, byte[] to, int at) {
        int i = 0;
        for (; i + BYTES.length() <= width; i += LANES) {
            var sum = IntVector.broadcast(INTS, 1 << shift - 1);
            for (int k = 0, place = begin + i; k < weights.length; k++, place += width) {
                var some = (IntVector) ByteVector.fromArray(BYTES, from, place).convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                sum = some.mul(weights[k]).add(sum);
            }
            var rounded = sum.lanewise(VectorOperators.ASHR, shift).max(0).min(255);
            ((ByteVector) rounded.convertShape(VectorOperators.I2B, BYTES, 0)).intoArray(to, at + i);
        }
        return i;
    }
}
