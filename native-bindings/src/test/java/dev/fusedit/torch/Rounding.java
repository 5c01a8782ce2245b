package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;

/// Equality but for rounding: ‖actual − expected‖ ≤ units · u · ‖expected‖, where u is half the distance from 1 to the next number of a
/// dtype (2⁻²⁴ for f32, 2⁻⁸ for bf16). For what is computed by the same formula from the same numbers, with sums in another order.
///
/// How many units are right: rounding errors of a sum of n products are independent enough to grow as √n (Higham and Mary 2019, "A New
/// Approach to Probabilistic Rounding Error Analysis"), and those of a chain of m such sums as √m. A transformer of three layers with rows
/// of 24 to 48 numbers is a chain of about 30 products: √30 · √48 = 38. (6 were found for a text that is packed beside another neighbour.)
public final class Rounding {
    /// Of a model with a few small layers.
    public static final double SMALL_MODEL = 40;

    private Rounding() {}

    /// How far apart, in units of the first one's dtype.
    public static double units(Tensor actual, Tensor expected) {
        try (var _ = TensorScope.open()) {
            var exact = expected.to(DType.F64);
            return actual.to(DType.F64).sub(exact).norm().item() / exact.norm().item() / unit(actual.dtype());
        }
    }

    public static void assertSame(Tensor actual, Tensor expected, double units) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        assertThat(units(actual, expected)).as("units of rounding between\n%s\n%s", actual, expected).isLessThanOrEqualTo(units);
    }

    /// Half the distance from 1 to the next number.
    static double unit(DType dtype) {
        return switch (dtype) {
            case F64 -> 0x1p-53;
            case F32 -> 0x1p-24;
            case BF16 -> 0x1p-8;
            case F16 -> 0x1p-11;
            default -> throw new IllegalArgumentException("no rounding in " + dtype);
        };
    }
}
