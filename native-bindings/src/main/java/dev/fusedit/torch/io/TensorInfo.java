package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.UserError;
import java.util.Arrays;

/// What a file says of one tensor.
///
/// @param shape sizes, outermost first
public record TensorInfo(String name, Elements elements, long[] shape) {
    /// One that can be read.
    ///
    /// @param dtype of the tensor that [TensorSource#read] makes
    /// @param stored how the file holds the elements
    public TensorInfo(String name, DType dtype, long[] shape, String stored) { this(name, new Elements.Loadable(dtype, stored), shape); }

    static TensorInfo plain(String name, DType dtype, long[] shape) { return new TensorInfo(name, Elements.plain(dtype), shape); }

    /// How the file holds the elements: a dtype, or a quantisation such as `q4_k`.
    public String stored() { return elements.name(); }

    /// Whether [TensorSource#read] reads it.
    public boolean isLoadable() {
        return switch (elements) {
            case Elements.Loadable _ -> true;
            case Elements.Unloadable _ -> false;
        };
    }

    /// dtype of the tensor that [TensorSource#read] makes.
    ///
    /// @throws UserError if it makes none
    public DType dtype() {
        return switch (elements) {
            case Elements.Loadable(var dtype, _) -> dtype;
            case Elements.Unloadable(var type, var remedy) -> throw new UserError(
                    "tensor '%s' is stored as %s, which is listed, but not loaded; %s".formatted(name, type, remedy));
        };
    }

    public long numel() { return Arrays.stream(shape).reduce(1, (a, b) -> a * b); }

    /// Bytes of the tensor that is read, not of what the file holds.
    ///
    /// @throws ArithmeticException if a long does not hold them; nor may it overflow without the sizes that are zero, since libtorch's
    ///         strides would
    public long bytes() {
        var withoutZeros = Arrays.stream(shape).map(size -> Math.max(size, 1)).reduce(dtype().bytes(), Math::multiplyExact);
        return numel() == 0 ? 0 : withoutZeros;
    }

    /// `model.norm.weight bf16(640)`
    @Override
    public String toString() {
        return name + " " + stored() + Arrays.toString(shape).replace('[', '(').replace(']', ')').replace(" ", "");
    }
}
