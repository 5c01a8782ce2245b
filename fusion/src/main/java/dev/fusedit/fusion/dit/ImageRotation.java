package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Rotation;
import dev.fusedit.torch.Device;
import java.util.Arrays;

/// Rotary positions of image tokens.
final class ImageRotation {
    private ImageRotation() {}

    /// @param starts where each sample's positions begin: behind its text where both share one attention, else 0
    static Rotation of(ImagePositions kind, int rows, int columns, int[] starts, int headDim, double theta, Device device) {
        var same = Arrays.stream(starts).allMatch(start -> start == starts[0]);
        var batch = same ? 1 : starts.length;
        var angles = new float[batch * rows * columns * headDim];
        var frequencies = Rotation.frequencies(kind instanceof ImagePositions.Rope2d ? headDim / 2 : headDim, theta);
        int at = 0;
        for (int b = 0; b < batch; b++) {
            for (int token = 0; token < rows * columns; token++) {
                for (int d = 0; d < headDim; d++) {
                    angles[at++] = angle(kind, frequencies, headDim, d, starts[b], token, columns);
                }
            }
        }
        return Rotation.of(angles, batch, rows * columns, headDim, device);
    }

    private static float angle(ImagePositions kind, float[] frequencies, int width, int d, int start, int token, int columns) {
        int row = start + token / columns, column = start + token % columns;
        return switch (kind) {
            case ImagePositions.Absolute _ -> throw new IllegalArgumentException("sine/cosine positions do not turn");
            case ImagePositions.Rope1d() -> (start + token) * frequencies[d % frequencies.length];
            // quarters: row, column, row, column, each with all frequencies of half the width
            case ImagePositions.Rope2d() -> (d / (width / 4) % 2 == 0 ? row : column) * frequencies[d % (width / 4)];
            // chunks of the width's fourth part, rounded up, in turns; the frequency is that of the place
            case ImagePositions.MRope() -> (d / ((width + 3) / 4) % 2 == 0 ? row : column) * frequencies[d % frequencies.length];
        };
    }
}
