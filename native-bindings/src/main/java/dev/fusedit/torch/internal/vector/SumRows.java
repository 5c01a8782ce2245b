package dev.fusedit.torch.internal.vector;

import static dev.fusedit.torch.internal.vector.Rows.FLOATS;
import static dev.fusedit.torch.internal.vector.Rows.VECTOR_LENGTH;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// x + factor · change, with one row of factors for many rows; and its gradient.
public final class SumRows {
    private SumRows() {}

    public static void forward(Rows x, Rows change, Rows factor, Rows out) {
        Rows.requireLike(x, change, out);
        int each = Rows.share(x, factor);
        var sum = Rows.room(x.width());
        var more = Rows.room(x.width());
        var factors = Rows.room(x.width());
        for (int n = 0; n < x.count(); n++) {
            if (n % each == 0) {
                factor.read(n / each, factors);
            }
            x.read(n, sum);
            change.read(n, more);
            for (int i = 0; i < sum.length; i += VECTOR_LENGTH) {
                FloatVector.fromArray(FLOATS, more, i)
                        .fma(FloatVector.fromArray(FLOATS, factors, i), FloatVector.fromArray(FLOATS, sum, i)).intoArray(sum, i);
            }
            out.write(n, sum);
        }
    }

    /// out ← parts₀ + parts₁ + …, from left to right. `out` may be one of them: a row is read before it is written.
    public static void of(Rows[] parts, Rows out) {
        Rows.requireLike(out, parts);
        var sum = Rows.room(out.width());
        var more = Rows.room(out.width());
        for (int n = 0; n < out.count(); n++) {
            parts[0].read(n, sum);
            for (int p = 1; p < parts.length; p++) {
                parts[p].read(n, more);
                for (int i = 0; i < sum.length; i += VECTOR_LENGTH) {
                    FloatVector.fromArray(FLOATS, sum, i).add(FloatVector.fromArray(FLOATS, more, i)).intoArray(sum, i);
                }
            }
            out.write(n, sum);
        }
    }

    /// sum ← sum + other
    public static void add(Rows sum, Rows other) {
        Rows.requireLike(sum, other);
        var row = Rows.room(sum.width());
        var more = Rows.room(sum.width());
        for (int n = 0; n < sum.count(); n++) {
            sum.read(n, row);
            other.read(n, more);
            for (int i = 0; i < row.length; i += VECTOR_LENGTH) {
                FloatVector.fromArray(FLOATS, row, i).add(FloatVector.fromArray(FLOATS, more, i)).intoArray(row, i);
            }
            sum.write(n, row);
        }
    }

    /// The gradient of x is `dOut` itself.
    ///
    /// @param dChange overwritten
    /// @param dFactor f32, overwritten
    public static void backward(Rows change, Rows factor, Rows dOut, Rows dChange, Rows dFactor) {
        Rows.requireLike(change, dOut, dChange);
        Rows.requireLike(factor, dFactor);
        int each = Rows.share(change, factor);
        var more = Rows.room(change.width());
        var gradOutput = Rows.room(change.width());
        var factors = Rows.room(change.width());
        var sums = Rows.room(change.width());
        for (int n = 0; n < change.count(); n++) {
            if (n % each == 0) {
                factor.read(n / each, factors);
                Arrays.fill(sums, 0);
            }
            change.read(n, more);
            dOut.read(n, gradOutput);
            for (int i = 0; i < more.length; i += VECTOR_LENGTH) {
                var dy = FloatVector.fromArray(FLOATS, gradOutput, i);
                dy.fma(FloatVector.fromArray(FLOATS, more, i), FloatVector.fromArray(FLOATS, sums, i)).intoArray(sums, i);
                dy.mul(FloatVector.fromArray(FLOATS, factors, i)).intoArray(gradOutput, i);
            }
            dChange.write(n, gradOutput);
            if (n % each == each - 1) {
                dFactor.write(n / each, sums);
            }
        }
    }
}
