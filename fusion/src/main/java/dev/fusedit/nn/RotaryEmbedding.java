package dev.fusedit.nn;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.stream.Stream;

/// Rotary position embedding (RoPE; Su et al. 2021, RoFormer, arXiv 2104.09864) of one sequence: pairs (i, i + D/2) of a head's width are
/// rotated by an angle of their own.
///
/// @param cos (B or 1, N, D)
/// @param sin (B or 1, N, D)
public record RotaryEmbedding(Tensor cos, Tensor sin) implements Tensors {
    @Override
    public Stream<Tensor> tensors() { return Stream.of(cos, sin); }

    /// The angles in both halves, row after row.
    ///
    /// @param angles (B or 1) · N rows of D
    public static RotaryEmbedding of(float[] angles, long batch, long count, long width, Device device) {
        var cos = new float[angles.length];
        var sin = new float[angles.length];
        for (int i = 0; i < angles.length; i++) {
            cos[i] = (float) Math.cos(angles[i]);
            sin[i] = (float) Math.sin(angles[i]);
        }
        return of(cos, sin, batch, count, width, device);
    }

    /// Angles that are a whole position times a frequency each. Few numbers of either kind make many angles, and cosines are slow: each pair's
    /// is computed once.
    ///
    /// @param positions (B or 1) · N rows of D, row after row
    public static RotaryEmbedding of(Positions positions, long batch, long count, int width, float[] frequencies, Device device) {
        int last = 0, rows = Math.toIntExact(batch * count);
        for (int row = 0; row < rows; row++) {
            for (int d = 0; d < width; d++) {
                last = Math.max(last, positions.position(row, d));
            }
        }
        var cosines = new float[(last + 1) * frequencies.length];
        var sines = new float[cosines.length];
        for (int i = 0; i < cosines.length; i++) {
            float angle = i / frequencies.length * frequencies[i % frequencies.length];
            cosines[i] = (float) Math.cos(angle);
            sines[i] = (float) Math.sin(angle);
        }
        var cos = new float[rows * width];
        var sin = new float[cos.length];
        for (int row = 0; row < rows; row++) {
            for (int d = 0; d < width; d++) {
                int place = positions.position(row, d) * frequencies.length + positions.frequency(d);
                cos[row * width + d] = cosines[place];
                sin[row * width + d] = sines[place];
            }
        }
        return of(cos, sin, batch, count, width, device);
    }

    private static RotaryEmbedding of(float[] cos, float[] sin, long batch, long count, long width, Device device) {
        return TensorScope
                .scoped(() -> new RotaryEmbedding(Tensor.of(cos, batch, count, width).to(device),
                        Tensor.of(sin, batch, count, width).to(device)));
    }

    /// The position and the frequency that rotate each number of a row.
    public interface Positions {
        /// From 0.
        int position(int row, int d);

        /// Index of the frequency.
        int frequency(int d);
    }

    /// Frequencies θ^(-2i/D), i = 0 … D/2 − 1, in f32 as the pretrained models were trained with.
    public static float[] frequencies(int width, double theta) {
        var result = new float[width / 2];
        for (int i = 0; i < result.length; i++) {
            result[i] = 1 / (float) Math.pow((float) theta, (float) (2 * i) / width);
        }
        return result;
    }

    /// This rotation for tensors of a dtype, ready for [RotaryTable#apply]; do it once, not per layer. The tables stay in f32 beside
    /// smaller dtypes.
    public RotaryTable as(DType dtype) {
        return TensorScope.scoped(() -> {
            var exact = dtype == DType.F64 ? DType.F64 : DType.F32;
            var half = sin.size(-1) / 2;
            var signed = Tensor.cat(-1, sin.narrow(-1, 0, half).neg(), sin.narrow(-1, half, half));
            return new RotaryTable(cos.to(exact).unsqueeze(1), signed.to(exact).unsqueeze(1));
        });
    }

    /// cos and sin as they are multiplied: (B or 1, 1, N, D), the sine's first half negated.
    public record RotaryTable(Tensor cos, Tensor signedSin) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(cos, signedSin); }

        /// Without angles, for counting.
        public static RotaryTable shapes(long count, long width) {
            return new RotaryTable(Tensor.scalar(0, DType.F32).expand(1, 1, count, width),
                    Tensor.scalar(0, DType.F32).expand(1, 1, count, width));
        }

        /// x (B, H, N, D), rotated: (x₁ cos − x₂ sin, x₂ cos + x₁ sin), rounded once to x's dtype.
        public Tensor apply(Tensor x_BHND) {
            return TensorScope
                    .scoped(() -> x_BHND.mul(cos).add(x_BHND.roll(x_BHND.size(-1) / 2, -1).mul(signedSin)).to(x_BHND.dtype()));
        }
    }
}
