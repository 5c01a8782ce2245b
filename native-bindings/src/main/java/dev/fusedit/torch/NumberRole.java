package dev.fusedit.torch;

import dev.fusedit.torch.internal.ops.Schema;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a `Scalar` argument means to an operator, and so whether a tensor may stand in its place ([ScalarSubstitutes]). The one list of
/// such operators: a name that is not here has no sound substitute, however alike an overload with a Tensor looks (`trapezoid.x` takes
/// places where `trapezoid.dx` takes a distance). `goldens/scalars.json` holds every overload of these names against PyTorch.
enum NumberRole {
    /// One of the operands that are broadcast and promoted: a 0-dim tensor that counts by its kind only, as the number does.
    OPERAND("""
            __and__ __or__ __xor__ __lshift__ __rshift__ __iand__ __ior__ __ixor__ __ilshift__ __irshift__
            bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift
            copysign div divide true_divide floor_divide fmod remainder mul multiply eq ne not_equal ge
            greater_equal gt greater le less_equal lt less isin result_type xlogy special_xlogy special_xlog1py special_zeta
            special_chebyshev_polynomial_t special_chebyshev_polynomial_u special_chebyshev_polynomial_v special_chebyshev_polynomial_w
            special_hermite_polynomial_h special_hermite_polynomial_he special_laguerre_polynomial_l special_legendre_polynomial_p
            special_shifted_chebyshev_polynomial_t special_shifted_chebyshev_polynomial_u special_shifted_chebyshev_polynomial_v
            special_shifted_chebyshev_polynomial_w"""),
    /// As an operand, but the result is f64 and so is what is computed with: f64 also beside integers.
    WIDE_OPERAND("float_power"),
    /// As an operand, but libtorch refuses a number that the dtype cannot hold, where it would wrap a tensor; bool has rules of its own.
    BOUND("clamp clip clamp_min clamp_max"),
    /// As a bound, and integers have no negative powers, which libtorch checks for a number alone.
    EXPONENT("pow"),
    /// As a bound; the mask in front of it takes no part in the promotion.
    CHOICE("where"),
    /// Read out of the tensor as the number that it is, so all its bits come: f64, i64 or bool.
    VALUE("masked_fill index_fill linspace logspace"),
    /// Converted to the first tensor's dtype, if that can hold it.
    CONVERTED("fill"),
    /// One dtype with the tensors, which would round it: f32 and f64 only.
    WEIGHT("lerp"),
    /// As the first tensor's dtype, in the shape of the index: sources are not broadcast.
    SOURCE("scatter"),
    /// A place that is looked for in a sorted vector or more: 0-dim as it is.
    KEY("bucketize searchsorted"),
    /// One number for every tensor of a list, each an operand of its own.
    EACH("_foreach_mul _foreach_div"),
    /// One number of a vector for each tensor of a list.
    FACTORS("_foreach_addcmul _foreach_addcdiv");

    private final Set<String> names;

    NumberRole(String names) { this.names = Set.of(names.strip().split("\\s+")); }

    /// Null if a tensor in the number's place would mean something else, or nothing.
    static @Nullable NumberRole of(Schema schema) {
        var name = schema.name().substring(schema.name().lastIndexOf(':') + 1);
        var base = changesItself(schema) && !name.endsWith("__") ? name.substring(0, name.length() - 1) : name;
        return Arrays.stream(values()).filter(role -> role.names.contains(base)).findFirst().orElse(null);
    }

    /// `mul_`, `__iand__`.
    static boolean changesItself(Schema schema) {
        return schema.name().endsWith("_") && !schema.name().endsWith("__") || schema.name().matches(".*::__i(and|or|xor|lshift|rshift)__");
    }

    /// Whether a 0-dim operand, whose dtype would count as much as the number's, is to be shown as rank 1 meanwhile.
    boolean lifts() {
        return switch (this) {
            case OPERAND, WIDE_OPERAND, BOUND, EXPONENT, CHOICE -> true;
            case VALUE, CONVERTED, WEIGHT, SOURCE, KEY, EACH, FACTORS -> false;
        };
    }

    /// Whether the number means the same as a tensor beside these.
    ///
    /// @param tensors those given, without `out`, in order
    /// @param numberFirst whether the number comes before them (`pow.Scalar` has its base in front)
    boolean suits(Object number, List<Tensor> tensors, boolean numberFirst) {
        return switch (this) {
            case OPERAND, WIDE_OPERAND, VALUE -> true;
            case BOUND -> tensors.getFirst().dtype() != DType.BOOL && tensors.getFirst().dtype().holds(number);
            case EXPONENT -> numberFirst || BOUND.suits(number, tensors, false)
                    && !(number instanceof Long whole && whole < 0 && tensors.getFirst().isInteger());
            case CHOICE -> tensors.size() == 1 ? DType.F32.holds(number) : tensors.get(1).dtype().holds(number);
            case CONVERTED, SOURCE -> tensors.getFirst().dtype().converts(number);
            case WEIGHT -> tensors.getFirst().dtype().wide() == tensors.getFirst().dtype() && tensors.getFirst().isFloating();
            case KEY -> tensors.getFirst().rank() > 0;
            case EACH -> tensors.stream().allMatch(tensor -> tensor.rank() > 0)
                    && (!(number instanceof Double) || tensors.stream().map(tensor -> tensor.dtype().isInteger()).distinct().count() == 1);
            case FACTORS -> !(number instanceof Boolean);
        };
    }
}
