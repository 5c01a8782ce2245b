package dev.fusedit.fusion.dit;

import dev.fusedit.nn.RotaryEmbedding;
import dev.fusedit.torch.Device;
import java.util.Arrays;

/// Rotary position embedding (RoPE) of image tokens.
final class ImageRotaryEmbedding {
    private ImageRotaryEmbedding() {}

    /// @param starts where each sample's positions begin: behind its text where both share one attention, else 0
    static RotaryEmbedding of(ImagePositions kind, int rows, int columns, int[] starts, int headDim, double theta, Device device) {
        var same = Arrays.stream(starts).allMatch(start -> start == starts[0]);
        var batch = same ? 1 : starts.length;
        var frequencies = RotaryEmbedding.frequencies(width(kind, headDim), theta);
        var positions = new Positions(kind, rows * columns, columns, starts, headDim, frequencies.length);
        return RotaryEmbedding.of(positions, batch, (long) rows * columns, headDim, frequencies, device);
    }

    /// Of a head, how much a set of frequencies rotates.
    private static int width(ImagePositions kind, int headDim) {
        return switch (kind) {
            case ImagePositions.Absolute _ -> throw new IllegalArgumentException("sine/cosine positions do not rotate");
            case ImagePositions.Rope1d() -> headDim;
            case ImagePositions.Rope2d() -> headDim / 2;
            case ImagePositions.MRope() -> headDim;
        };
    }

    /// @param frequencies how many there are
    private record Positions(ImagePositions kind, int tokens, int columns, int[] starts, int width, int frequencies)
            implements RotaryEmbedding.Positions {
        @Override
        public int position(int row, int d) {
            int token = row % tokens, start = starts[row / tokens];
            int down = start + token / columns, right = start + token % columns;
            return switch (kind) {
                case ImagePositions.Absolute _ -> throw new IllegalArgumentException("sine/cosine positions do not rotate");
                case ImagePositions.Rope1d() -> start + token;
                // quarters: row, column, row, column, each with all frequencies of half the width
                case ImagePositions.Rope2d() -> d / (width / 4) % 2 == 0 ? down : right;
                // chunks of the width's fourth part, rounded up, in turns; the frequency is that of the place
                case ImagePositions.MRope() -> d / ((width + 3) / 4) % 2 == 0 ? down : right;
            };
        }

        @Override
        public int frequency(int d) { return d % frequencies; }
    }
}
