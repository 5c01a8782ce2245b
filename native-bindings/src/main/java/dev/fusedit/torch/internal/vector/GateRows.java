package dev.fusedit.torch.internal.vector;

import static dev.fusedit.torch.internal.vector.Rows.FLOATS;
import static dev.fusedit.torch.internal.vector.Rows.VECTOR_LENGTH;

import jdk.incubator.vector.FloatVector;

/// act(gate) · up for activations of the form x · σ(z), z = linear · x + cubic · x³; and its gradient.
public final class GateRows {
    private GateRows() {}

    public static void forward(Rows gate, Rows up, float linear, float cubic, Rows out) {
        Rows.requireLike(gate, up, out);
        var x = Rows.room(gate.width());
        var factor = Rows.room(gate.width());
        var powers = Rows.room(gate.width());
        for (int n = 0; n < gate.count(); n++) {
            gate.read(n, x);
            up.read(n, factor);
            powers(x, linear, cubic, powers);
            for (int i = 0; i < x.length; i += VECTOR_LENGTH) {
                var act = FloatVector.fromArray(FLOATS, x, i).div(FloatVector.fromArray(FLOATS, powers, i).add(1));
                act.mul(FloatVector.fromArray(FLOATS, factor, i)).intoArray(x, i);
            }
            out.write(n, x);
        }
    }

    /// In place: gate and up become their gradients, and what arrives (`dOut`) becomes the output of [#forward], which need not be kept.
    public static void backward(Rows gate, Rows up, float linear, float cubic, Rows dOut) {
        Rows.requireLike(gate, up, dOut);
        var x = Rows.room(gate.width());
        var factor = Rows.room(gate.width());
        var change = Rows.room(gate.width());
        var powers = Rows.room(gate.width());
        for (int n = 0; n < gate.count(); n++) {
            gate.read(n, x);
            up.read(n, factor);
            dOut.read(n, change);
            powers(x, linear, cubic, powers);
            gradients(x, factor, change, powers, linear, cubic);
            gate.write(n, x);
            up.write(n, factor);
            dOut.write(n, change);
        }
    }

    private static void gradients(float[] x, float[] factor, float[] change, float[] powers, float linear, float cubic) {
        var one = FloatVector.broadcast(FLOATS, 1);
        for (int i = 0; i < x.length; i += VECTOR_LENGTH) {
            var number = FloatVector.fromArray(FLOATS, x, i);
            var other = FloatVector.fromArray(FLOATS, factor, i);
            var dy = FloatVector.fromArray(FLOATS, change, i);
            var sigma = one.div(FloatVector.fromArray(FLOATS, powers, i).add(1));
            var act = number.mul(sigma);
            var slope = number.mul(number).mul(3 * cubic).add(linear);
            var steep = act.mul(one.sub(sigma)).fma(slope, sigma);
            dy.mul(other).mul(steep).intoArray(x, i);
            dy.mul(act).intoArray(factor, i);
            act.mul(other).intoArray(change, i);
        }
    }

    /// e⁻ᶻ
    private static void powers(float[] x, float linear, float cubic, float[] powers) {
        for (int i = 0; i < x.length; i += VECTOR_LENGTH) {
            var number = FloatVector.fromArray(FLOATS, x, i);
            number.mul(number).mul(-cubic).sub(linear).mul(number).intoArray(powers, i);
        }
        Exponential.inPlace(powers);
    }
}
