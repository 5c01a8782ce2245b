package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;
import java.util.Arrays;

/// What a file says of one tensor.
///
/// @param dtype of the tensor that [TensorSource#read] makes
/// @param shape sizes, outermost first
/// @param stored how the file holds the elements, in lower case: a dtype, or a quantisation such as `q4_k`
public record TensorInfo(String name, DType dtype, long[] shape, String stored) {
    static TensorInfo plain(String name, DType dtype, long[] shape) { return new TensorInfo(name, dtype, shape, dtype.toString()); }

    public long numel() { return Arrays.stream(shape).reduce(1, (a, b) -> a * b); }

    /// Bytes of the tensor that is read, not of what the file holds.
    ///
    /// @throws ArithmeticException if a long does not hold them; nor may it overflow without the sizes that are zero, since libtorch's
    ///         strides would
    public long bytes() {
        var withoutZeros = Arrays.stream(shape).map(size -> Math.max(size, 1)).reduce(dtype.bytes(), Math::multiplyExact);
        return numel() == 0 ? 0 : withoutZeros;
    }

    /// `model.norm.weight bf16(640)`
    @Override
    public String toString() {
        return name + " " + stored + Arrays.toString(shape).replace('[', '(').replace(']', ')').replace(" ", "");
    }
}
