package dev.fusedit.torch.internal.vector;

import static dev.fusedit.torch.internal.vector.Rows.FLOATS;
import static dev.fusedit.torch.internal.vector.Rows.VECTOR_LENGTH;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// eˣ to about two units of the last place, the same in interpreted code and compiled.
final class Exponential {
    private static final float LOWEST = -87;
    private static final float HIGHEST = 88;
    private static final float LOG2E = 1.44269504f;
    /// ln 2 in two parts, of which the first has few bits: whole multiples of it are exact.
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;
    private static final float TO_WHOLE = 12_582_912; // 1.5 · 2²³: adding it rounds to a whole number
    private static final int MANTISSA = 23;

    private Exponential() {}

    /// 2ᵏ · eᶠ with |f| ≤ ln 2 / 2, eᶠ by Cephes' polynomial. What is below the lowest number becomes 0; not a number stays so.
    static void inPlace(float[] numbers) {
        for (int i = 0; i < numbers.length; i += VECTOR_LENGTH) {
            var given = FloatVector.fromArray(FLOATS, numbers, i);
            var x = given.max(LOWEST).min(HIGHEST);
            var shifted = x.mul(LOG2E).add(TO_WHOLE);
            var whole = shifted.sub(TO_WHOLE);
            var f = whole.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), x).sub(whole.mul(LN2_LOW));
            var p = FloatVector.broadcast(FLOATS, 1.9875691500e-4f);
            p = p.fma(f, FloatVector.broadcast(FLOATS, 1.3981999507e-3f));
            p = p.fma(f, FloatVector.broadcast(FLOATS, 8.3334519073e-3f));
            p = p.fma(f, FloatVector.broadcast(FLOATS, 4.1665795894e-2f));
            p = p.fma(f, FloatVector.broadcast(FLOATS, 1.6666665459e-1f));
            p = p.fma(f, FloatVector.broadcast(FLOATS, 5.0000001201e-1f));
            var power = p.fma(f.mul(f), f).add(1).reinterpretAsInts();
            var exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA);
            power.add(exponent).reinterpretAsFloats().blend(0, given.lt(LOWEST)).intoArray(numbers, i);
        }
    }
}
