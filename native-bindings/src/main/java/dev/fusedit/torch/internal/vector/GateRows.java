package dev.fusedit.torch.internal.vector;

import static dev.fusedit.torch.internal.vector.Rows.FLOATS;
import static dev.fusedit.torch.internal.vector.Rows.LANES;

import jdk.incubator.vector.FloatVector;

/// act(gate) · up for activations of the form x · σ(z), z = linear · x + cubic · x³; and its gradient.
public final class GateRows {
    private GateRows() {}

    public static void forward(Rows gate, Rows up, float linear, float cubic, Rows out) {
        var x = Rows.room(gate.width());
        var factor = Rows.room(gate.width());
        for (int n = 0; n < gate.count(); n++) {
            gate.read(n, x);
            up.read(n, factor);
            for (int i = 0; i < x.length; i += LANES) {
                var number = FloatVector.fromArray(FLOATS, x, i);
                var sigma = sigmoid(bent(number, linear, cubic));
                number.mul(sigma).mul(FloatVector.fromArray(FLOATS, factor, i)).intoArray(x, i);
            }
            out.write(n, x);
        }
    }

    /// In place: gate and up become their gradients, and what arrives (`dOut`) becomes the output of [#forward], which need not be kept.
    public static void backward(Rows gate, Rows up, float linear, float cubic, Rows dOut) {
        var x = Rows.room(gate.width());
        var factor = Rows.room(gate.width());
        var change = Rows.room(gate.width());
        for (int n = 0; n < gate.count(); n++) {
            gate.read(n, x);
            up.read(n, factor);
            dOut.read(n, change);
            for (int i = 0; i < x.length; i += LANES) {
                var number = FloatVector.fromArray(FLOATS, x, i);
                var other = FloatVector.fromArray(FLOATS, factor, i);
                var dy = FloatVector.fromArray(FLOATS, change, i);
                var sigma = sigmoid(bent(number, linear, cubic));
                var act = number.mul(sigma);
                var slope = number.mul(number).mul(3 * cubic).add(linear);
                var steep = act.mul(sigma.neg().add(1)).fma(slope, sigma);
                dy.mul(other).mul(steep).intoArray(x, i);
                dy.mul(act).intoArray(factor, i);
                act.mul(other).intoArray(change, i);
            }
            gate.write(n, x);
            up.write(n, factor);
            dOut.write(n, change);
        }
    }

    private static FloatVector bent(FloatVector x, float linear, float cubic) { return x.mul(x).mul(cubic).add(linear).mul(x); }

    /// 1 / (1 + e⁻ᶻ)
    private static FloatVector sigmoid(FloatVector z) { return FloatVector.broadcast(FLOATS, 1).div(Exponential.of(z.neg()).add(1)); }
}
