package dev.fusedit.torch.internal.vector;

import static dev.fusedit.torch.internal.vector.Rows.FLOATS;
import static dev.fusedit.torch.internal.vector.Rows.VECTOR_LENGTH;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/// p = softmax(scale · s + bias) over each row, and its gradient ∂s = scale · p · (∂p − Σ ∂p · p), both in place.
public final class SoftmaxRows {
    private SoftmaxRows() {}

    /// @param scores become probabilities
    /// @param bias one row for as many rows of scores as there are more of them; null for none
    public static void forward(Rows scores, @Nullable Rows bias, float scale) {
        int width = scores.width(), each = bias == null ? scores.count() : Rows.share(scores, bias);
        var row = Rows.room(width);
        var partials = new float[VECTOR_LENGTH];
        var added = Rows.room(width);
        Arrays.fill(added, width, added.length, Float.NEGATIVE_INFINITY); // what is beyond a row counts for nothing
        for (int n = 0; n < scores.count(); n++) {
            if (bias != null && n % each == 0) {
                bias.read(n / each, added);
                Arrays.fill(added, width, added.length, Float.NEGATIVE_INFINITY);
            }
            scores.read(n, row);
            float largest = scaled(row, added, scale);
            scale(row, 1 / exponentials(row, largest, partials));
            scores.write(n, row);
        }
    }

    private static float scaled(float[] row, float[] added, float scale) {
        var largest = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < row.length; i += VECTOR_LENGTH) {
            var x = FloatVector.fromArray(FLOATS, row, i).mul(scale).add(FloatVector.fromArray(FLOATS, added, i));
            x.intoArray(row, i);
            largest = largest.max(x);
        }
        return largest.reduceLanes(VectorOperators.MAX);
    }

    private static float exponentials(float[] row, float largest, float[] partials) {
        var sum = FloatVector.zero(FLOATS);
        for (int i = 0; i < row.length; i += VECTOR_LENGTH) {
            FloatVector.fromArray(FLOATS, row, i).sub(largest).intoArray(row, i);
        }
        Exponential.inPlace(row);
        for (int i = 0; i < row.length; i += VECTOR_LENGTH) {
            sum = sum.add(FloatVector.fromArray(FLOATS, row, i));
        }
        sum.intoArray(partials, 0);
        return Rows.sum(partials);
    }

    private static void scale(float[] row, float factor) {
        for (int i = 0; i < row.length; i += VECTOR_LENGTH) {
            FloatVector.fromArray(FLOATS, row, i).mul(factor).intoArray(row, i);
        }
    }

    /// @param gradOutput the gradient of the probabilities, becomes that of the scores
    public static void backward(Rows probabilities, float scale, Rows gradOutput) {
        Rows.requireLike(gradOutput, probabilities);
        var row = Rows.room(gradOutput.width());
        var partials = new float[VECTOR_LENGTH];
        var change = Rows.room(gradOutput.width());
        for (int n = 0; n < gradOutput.count(); n++) {
            probabilities.read(n, row);
            gradOutput.read(n, change);
            float along = along(row, change, partials);
            for (int i = 0; i < row.length; i += VECTOR_LENGTH) {
                FloatVector.fromArray(FLOATS, change, i).sub(along).mul(FloatVector.fromArray(FLOATS, row, i)).mul(scale).intoArray(change,
                        i);
            }
            gradOutput.write(n, change);
        }
    }

    private static float along(float[] row, float[] change, float[] partials) {
        var sum = FloatVector.zero(FLOATS);
        for (int i = 0; i < row.length; i += VECTOR_LENGTH) {
            sum = FloatVector.fromArray(FLOATS, change, i).fma(FloatVector.fromArray(FLOATS, row, i), sum);
        }
        sum.intoArray(partials, 0);
        return Rows.sum(partials);
    }
}
