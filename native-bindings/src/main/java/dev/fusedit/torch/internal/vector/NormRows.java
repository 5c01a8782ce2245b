package dev.fusedit.torch.internal.vector;

import static dev.fusedit.torch.internal.vector.Rows.FLOATS;
import static dev.fusedit.torch.internal.vector.Rows.VECTOR_LENGTH;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/// y = x · r · gain + shift with r = 1 / √(mean x² + eps) of each row, and its gradient:
///
///     ∂x = r · (∂y · gain − x · r² · mean(∂y · gain · x)),  ∂gain = Σ ∂y · x · r,  ∂shift = Σ ∂y
public final class NormRows {
    private NormRows() {}

    /// @param gain one row for as many rows of x as there are more of them
    /// @param shift likewise; null for none
    public static void forward(Rows x, Rows gain, @Nullable Rows shift, double eps, Rows out) {
        Rows.requireLike(x, out);
        Rows.requireLike(gain, shift);
        int width = x.width(), each = Rows.share(x, gain);
        var row = Rows.room(width);
        var partials = new float[VECTOR_LENGTH];
        var factors = Rows.room(width);
        var summands = Rows.room(width);
        for (int n = 0; n < x.count(); n++) {
            if (n % each == 0) {
                gain.read(n / each, factors);
                if (shift != null) {
                    shift.read(n / each, summands);
                }
            }
            x.read(n, row);
            scale(row, factors, summands, inverse(squares(row, 0, row.length, partials), width, eps));
            out.write(n, row);
        }
    }

    private static void scale(float[] row, float[] factors, float[] summands, float inverse) {
        for (int i = 0; i < row.length; i += VECTOR_LENGTH) {
            FloatVector.fromArray(FLOATS, row, i).mul(inverse)
                    .fma(FloatVector.fromArray(FLOATS, factors, i), FloatVector.fromArray(FLOATS, summands, i)).intoArray(row, i);
        }
    }

    /// @param dx added to if `more`, else overwritten
    /// @param dGain of gain's shape, f32, overwritten; so is dShift
    public static void backward(Rows x, Rows dy, Rows gain, double eps, Rows dx, boolean more, Rows dGain, @Nullable Rows dShift) {
        Rows.requireLike(x, dy, dx);
        Rows.requireLike(gain, dGain, dShift);
        int width = x.width(), each = Rows.share(x, gain);
        var row = Rows.room(width);
        var partials = new float[VECTOR_LENGTH];
        var change = Rows.room(width);
        var before = Rows.room(width);
        var factors = Rows.room(width);
        var gains = Rows.room(width);
        var shifts = Rows.room(width);
        for (int n = 0; n < x.count(); n++) {
            if (n % each == 0) {
                gain.read(n / each, factors);
                Arrays.fill(gains, 0);
                Arrays.fill(shifts, 0);
            }
            x.read(n, row);
            dy.read(n, change);
            if (more) {
                dx.read(n, before);
            }
            float inverse = inverse(squares(row, 0, row.length, partials), width, eps);
            float along = products(row, change, factors, partials) * inverse * inverse * inverse / width;
            gradients(row, change, factors, before, inverse, along, gains, shifts);
            dx.write(n, before);
            if (!more) {
                Arrays.fill(before, 0);
            }
            if (n % each == each - 1) {
                dGain.write(n / each, gains);
                if (dShift != null) {
                    dShift.write(n / each, shifts);
                }
            }
        }
    }

    private static void gradients(float[] row, float[] change, float[] factors, float[] before, float inverse, float along, float[] gains,
            float[] shifts) {
        for (int i = 0; i < row.length; i += VECTOR_LENGTH) {
            var x = FloatVector.fromArray(FLOATS, row, i);
            var dy = FloatVector.fromArray(FLOATS, change, i);
            dy.fma(x.mul(inverse), FloatVector.fromArray(FLOATS, gains, i)).intoArray(gains, i);
            dy.add(FloatVector.fromArray(FLOATS, shifts, i)).intoArray(shifts, i);
            var whole = dy.mul(FloatVector.fromArray(FLOATS, factors, i)).mul(inverse).sub(x.mul(along));
            whole.add(FloatVector.fromArray(FLOATS, before, i)).intoArray(before, i);
        }
    }

    static float inverse(float squares, int width, double eps) { return (float) (1 / Math.sqrt(squares / width + eps)); }

    /// Of a part that is a multiple of the vector's length.
    ///
    /// @param partials room for a vector
    static float squares(float[] row, int from, int to, float[] partials) {
        var sum = FloatVector.zero(FLOATS);
        for (int i = from; i < to; i += VECTOR_LENGTH) {
            var x = FloatVector.fromArray(FLOATS, row, i);
            sum = x.fma(x, sum);
        }
        sum.intoArray(partials, 0);
        return Rows.sum(partials);
    }

    private static float products(float[] row, float[] change, float[] factors, float[] partials) {
        var sum = FloatVector.zero(FLOATS);
        for (int i = 0; i < row.length; i += VECTOR_LENGTH) {
            sum = FloatVector.fromArray(FLOATS, change, i).mul(FloatVector.fromArray(FLOATS, factors, i))
                    .fma(FloatVector.fromArray(FLOATS, row, i), sum);
        }
        sum.intoArray(partials, 0);
        return Rows.sum(partials);
    }
}
