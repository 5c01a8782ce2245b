package dev.fusedit.torch.internal.vector;

import static dev.fusedit.torch.internal.vector.Rows.FLOATS;
import static dev.fusedit.torch.internal.vector.Rows.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// act(gate) · up for activations of the form x · σ(z), z = linear · x + cubic · x³; and its gradient.
public final class GateRows {
    private static final float LOWEST = -87;
    private static final float HIGHEST = 88;
    private static final float LOG2E = 1.44269504f;
    /// ln 2 in two parts, of which the first has few bits: whole multiples of it are exact.
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;
    private static final float TO_WHOLE = 12_582_912; // 1.5 · 2²³: adding it rounds to a whole number
    private static final int MANTISSA = 23;

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
    private static FloatVector sigmoid(FloatVector z) { return FloatVector.broadcast(FLOATS, 1).div(exp(z.neg()).add(1)); }

    /// eˣ to about two units of the last place: 2ᵏ · eᶠ with |f| ≤ ln 2 / 2, eᶠ by Cephes' polynomial. Not a number stays so.
    private static FloatVector exp(FloatVector unlimited) {
        var x = unlimited.max(LOWEST).min(HIGHEST);
        var shifted = x.mul(LOG2E).add(TO_WHOLE);
        var whole = shifted.sub(TO_WHOLE);
        var f = whole.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), x).sub(whole.mul(LN2_LOW));
        var p = FloatVector.broadcast(FLOATS, 1.9875691500e-4f);
        p = p.fma(f, FloatVector.broadcast(FLOATS, 1.3981999507e-3f));
        p = p.fma(f, FloatVector.broadcast(FLOATS, 8.3334519073e-3f));
        p = p.fma(f, FloatVector.broadcast(FLOATS, 4.1665795894e-2f));
        p = p.fma(f, FloatVector.broadcast(FLOATS, 1.6666665459e-1f));
        p = p.fma(f, FloatVector.broadcast(FLOATS, 5.0000001201e-1f));
        var power = p.fma(f.mul(f), f).add(1);
        var exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA);
        return power.reinterpretAsInts().add(exponent).reinterpretAsFloats();
    }
}
