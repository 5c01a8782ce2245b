package dev.fusedit.torch.internal.vector;

import static dev.fusedit.torch.internal.vector.Rows.FLOATS;
import static dev.fusedit.torch.internal.vector.Rows.VECTOR_LENGTH;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/// Each token's heads, normed ([NormRows]) and rotated by its positions: with a head's halves (a, b) and signed sines (−s, s),
/// (a · cos + b · sin, b · cos + a · sin); and the gradient. Either may be left out.
public final class HeadRows {
    private final int heads;
    private final int half;
    /// A half in whole vectors.
    private final int room;
    private final double eps;
    private final @Nullable Rows cos;
    private final @Nullable Rows sin;
    private final float[] gain;
    private final boolean normed;
    private final float[] cosines;
    private final float[] sines;
    private final float[] partials = new float[VECTOR_LENGTH];

    /// @param gain one row of a head's width; null for no norm
    /// @param cos rows of a head's width, for every token or for those of the first sample; null for no rotation
    /// @param sin likewise, signed
    public HeadRows(int heads, int width, @Nullable Rows gain, double eps, @Nullable Rows cos, @Nullable Rows sin) {
        this.heads = heads;
        half = width / 2;
        room = (half + VECTOR_LENGTH - 1) / VECTOR_LENGTH * VECTOR_LENGTH;
        this.eps = eps;
        this.cos = cos;
        this.sin = sin;
        normed = gain != null;
        this.gain = row(gain, 0);
        cosines = new float[2 * room];
        sines = new float[2 * room];
        Arrays.fill(cosines, 1);
    }

    private float[] row(@Nullable Rows rows, int index) {
        var spread = new float[2 * room];
        if (rows != null) {
            read(rows, index, spread);
        }
        return spread;
    }

    private void read(Rows rows, int index, float[] spread) {
        if (room == half) {
            rows.read(index, spread);
            return;
        }
        var packed = Rows.room(2 * half);
        rows.read(index, packed);
        spread(packed, 0, spread);
    }

    private void spread(float[] packed, int from, float[] spread) {
        System.arraycopy(packed, from, spread, 0, half);
        System.arraycopy(packed, from + half, spread, room, half);
    }

    private void pack(float[] spread, float[] packed, int to) {
        System.arraycopy(spread, 0, packed, to, half);
        System.arraycopy(spread, room, packed, to + half, half);
    }

    private void place(int token) {
        if (cos != null && sin != null) {
            read(cos, token % cos.count(), cosines);
            read(sin, token % sin.count(), sines);
        }
    }

    public void forward(Rows x, Rows out) {
        Rows.requireLike(x, out);
        var row = Rows.room(x.width());
        var head = new float[2 * room];
        for (int token = 0; token < x.count(); token++) {
            place(token);
            x.read(token, row);
            for (int h = 0; h < heads; h++) {
                if (room == half) {
                    forward(row, 2 * half * h);
                } else {
                    spread(row, 2 * half * h, head);
                    forward(head, 0);
                    pack(head, row, 2 * half * h);
                }
            }
            out.write(token, row);
        }
    }

    private void forward(float[] row, int at) {
        float inverse = normed ? NormRows.inverse(NormRows.squares(row, at, at + 2 * room, partials), 2 * half, eps) : 1;
        for (int i = 0; i < room; i += VECTOR_LENGTH) {
            var a = FloatVector.fromArray(FLOATS, row, at + i);
            var b = FloatVector.fromArray(FLOATS, row, at + room + i);
            if (normed) {
                a = a.mul(inverse).mul(FloatVector.fromArray(FLOATS, gain, i));
                b = b.mul(inverse).mul(FloatVector.fromArray(FLOATS, gain, room + i));
            }
            a.mul(FloatVector.fromArray(FLOATS, cosines, i)).add(b.mul(FloatVector.fromArray(FLOATS, sines, i))).intoArray(row, at + i);
            b.mul(FloatVector.fromArray(FLOATS, cosines, room + i)).add(a.mul(FloatVector.fromArray(FLOATS, sines, room + i)))
                    .intoArray(row, at + room + i);
        }
    }

    /// @param dx overwritten
    /// @param dGain f32, one row, overwritten; null without a norm
    public void backward(Rows x, Rows dOut, Rows dx, @Nullable Rows dGain) {
        Rows.requireLike(x, dOut, dx);
        var row = Rows.room(x.width());
        var change = Rows.room(x.width());
        var head = new float[2 * room];
        var gradOutput = new float[2 * room];
        var gains = new float[2 * room];
        for (int token = 0; token < x.count(); token++) {
            place(token);
            x.read(token, row);
            dOut.read(token, change);
            for (int h = 0; h < heads; h++) {
                if (room == half) {
                    backward(row, change, 2 * half * h, gains);
                } else {
                    spread(row, 2 * half * h, head);
                    spread(change, 2 * half * h, gradOutput);
                    backward(head, gradOutput, 0, gains);
                    pack(gradOutput, change, 2 * half * h);
                }
            }
            dx.write(token, change);
        }
        if (dGain != null) {
            var packed = Rows.room(2 * half);
            pack(gains, packed, 0);
            dGain.write(0, packed);
        }
    }

    private void backward(float[] row, float[] change, int at, float[] gains) {
        for (int i = 0; i < room; i += VECTOR_LENGTH) {
            var a = FloatVector.fromArray(FLOATS, change, at + i);
            var b = FloatVector.fromArray(FLOATS, change, at + room + i);
            a.mul(FloatVector.fromArray(FLOATS, cosines, i)).add(b.mul(FloatVector.fromArray(FLOATS, sines, room + i)))
                    .intoArray(change, at + i);
            b.mul(FloatVector.fromArray(FLOATS, cosines, room + i)).add(a.mul(FloatVector.fromArray(FLOATS, sines, i)))
                    .intoArray(change, at + room + i);
        }
        if (normed) {
            norm(row, change, at, gains);
        }
    }

    private void norm(float[] row, float[] change, int at, float[] gains) {
        float inverse = NormRows.inverse(NormRows.squares(row, at, at + 2 * room, partials), 2 * half, eps);
        var sum = FloatVector.zero(FLOATS);
        for (int i = 0; i < 2 * room; i += VECTOR_LENGTH) {
            sum = FloatVector.fromArray(FLOATS, change, at + i).mul(FloatVector.fromArray(FLOATS, gain, i))
                    .fma(FloatVector.fromArray(FLOATS, row, at + i), sum);
        }
        sum.intoArray(partials, 0);
        float along = Rows.sum(partials) * inverse * inverse * inverse / (2 * half);
        for (int i = 0; i < 2 * room; i += VECTOR_LENGTH) {
            var x = FloatVector.fromArray(FLOATS, row, at + i);
            var dy = FloatVector.fromArray(FLOATS, change, at + i);
            dy.fma(x.mul(inverse), FloatVector.fromArray(FLOATS, gains, i)).intoArray(gains, i);
            dy.mul(FloatVector.fromArray(FLOATS, gain, i)).mul(inverse).sub(x.mul(along)).intoArray(change, at + i);
        }
    }
}
