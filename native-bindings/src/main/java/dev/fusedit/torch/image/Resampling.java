package dev.fusedit.torch.image;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.internal.vector.SampleSums;
import java.util.Arrays;

/// From a line of 8-bit samples to one of another length: each new sample is a weighted sum of neighbours in the old line, in whole numbers, so
/// that the bits depend on nothing but the weights. Where the Java Vector API is there ([Fused#areVectorsInReach]), many sums are taken at once.
///
/// Immutable; any thread.
public final class Resampling {
    private final int from;
    private final int[] first;
    private final int[][] weights;
    private final int shift;

    /// @param from samples of the old line
    /// @param first of them that each new one takes of
    /// @param weights of that one and of those that follow it, in 2^-shift; their magnitudes sum to less than 2^31 / 255
    public Resampling(int from, int[] first, int[][] weights, int shift) {
        checkArgument(first.length == weights.length && first.length > 0, "%s lines of weights for %s samples", weights.length,
                first.length);
        for (int i = 0; i < first.length; i++) {
            checkArgument(first[i] >= 0 && first[i] + weights[i].length <= from, "new sample %s takes of what is not there", i);
        }
        this.from = from;
        this.first = first.clone();
        this.weights = Arrays.stream(weights).map(int[]::clone).toArray(int[][]::new);
        this.shift = shift;
    }

    /// Samples of a new line.
    public int count() { return first.length; }

    /// Lines that are rows.
    ///
    /// @param samples rows · `from` · channels, not changed
    /// @return rows · [#count] · channels
    public byte[] along(byte[] samples, int channels) {
        checkArgument(samples.length % (from * channels) == 0, "%s samples are no rows of %s with %s channels", samples.length, from,
                channels);
        int rows = samples.length / (from * channels);
        var to = new byte[rows * count() * channels];
        if (Fused.areVectorsInReach()) SampleSums.along(samples, from * channels, channels, first, weights, shift, to);
        else for (int y = 0; y < rows; y++) row(samples, y * from * channels, channels, to, y * count() * channels);
        return to;
    }

    private void row(byte[] samples, int begin, int channels, byte[] to, int at) {
        for (int x = 0, i = at; x < count(); x++) {
            for (int c = 0; c < channels; c++) to[i++] = sum(x, samples, begin + c, channels);
        }
    }

    /// Lines that are columns.
    ///
    /// @param samples `from` · width, not changed
    /// @param width of a row, in samples
    /// @return [#count] · width
    public byte[] down(byte[] samples, int width) {
        checkArgument(samples.length == from * width, "%s samples are not %s rows of %s", samples.length, from, width);
        var to = new byte[count() * width];
        for (int y = 0; y < count(); y++) {
            int done = Fused.areVectorsInReach()
                    ? SampleSums.down(samples, first[y] * width, weights[y], width, shift, to, y * width)
                    : 0;
            for (int x = done; x < width; x++) to[y * width + x] = sum(y, samples, x, width);
        }
        return to;
    }

    private byte sum(int sample, byte[] samples, int begin, int stride) {
        int sum = 1 << shift - 1, at = begin + first[sample] * stride;
        for (int weight : weights[sample]) {
            sum += (samples[at] & 255) * weight;
            at += stride;
        }
        return (byte) Math.clamp(sum >> shift, 0, 255);
    }
}
