package dev.fusedit.torch.image;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.internal.vector.SampleSums;

/// One sample of a pixel's three: their weighted sum, in whole numbers, as an image in grey has it.
///
/// @param red weight in 2^-shift, likewise `green` and `blue`; their magnitudes sum to less than 2^31 / 255
public record Mixing(int red, int green, int blue, int shift) {
    private static final int COLOURS = 3;

    /// @param rgb three samples for each pixel, not changed
    /// @return one for each, rounded and clamped to 8 bits
    public byte[] of(byte[] rgb) {
        checkArgument(rgb.length % COLOURS == 0, "%s samples are no pixels of three", rgb.length);
        var mixed = new byte[rgb.length / COLOURS];
        for (int i = Fused.areVectorsInReach() ? SampleSums.across(rgb, red, green, blue, shift, mixed) : 0; i < mixed.length; i++) {
            int sum = (rgb[COLOURS * i] & 255) * red + (rgb[COLOURS * i + 1] & 255) * green + (rgb[COLOURS * i + 2] & 255) * blue;
            mixed[i] = (byte) Math.clamp(sum + (1 << shift - 1) >> shift, 0, 255);
        }
        return mixed;
    }
}
