package dev.fusedit.fusion.dit;

import dev.fusedit.torch.Tensor;

/// Sine/cosine positions of a square (Vaswani et al. 2017 in two dimensions, as MAE and SD3 have them): the first half of the channels
/// tells the column, the second the row; each half first sines, then cosines. Computed in f64, kept in f32.
public final class SineTable {
    private static final double LONGEST = 10_000;

    private SineTable() {}

    /// (1, side², width). Positions run from 0 to `extent`, whatever the side.
    public static Tensor of(int width, int side, int extent) {
        var values = new float[side * side * width];
        var half = width / 2;
        for (int row = 0; row < side; row++) {
            for (int column = 0; column < side; column++) {
                var start = (row * side + column) * width;
                waves(values, start, half, place(column, side, extent));
                waves(values, start + half, half, place(row, side, extent));
            }
        }
        return Tensor.of(values, 1, (long) side * side, width);
    }

    /// In f32, as the pretrained tables have it.
    private static double place(int index, int side, int extent) { return index / (float) (side / (double) extent); }

    private static void waves(float[] values, int start, int width, double position) {
        var count = width / 2;
        for (int i = 0; i < count; i++) {
            var angle = position / Math.pow(LONGEST, i / (double) count);
            values[start + i] = (float) Math.sin(angle);
            values[start + count + i] = (float) Math.cos(angle);
        }
    }
}
