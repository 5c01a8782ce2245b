package dev.fusedit.nn;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.PathChoice;
import java.util.function.Predicate;

/// The dtype policy of a model's weights (mixed precision), and the device they live on.
///
/// | | master | compute | |
/// |---|---|---|---|
/// | [#F32] | f32 | f32 | |
/// | [#MIXED] | f32 | bf16 | a copy of each matrix |
/// | [#HALF] | f32 | f16 | a copy of each matrix |
/// | [#PURE] | bf16 | bf16 | steps are rounded stochastically |
/// | [#F64] | f64 | f64 | for tests |
///
/// Vectors (norms, biases) have no copies: they are in [#vectors()], f32 but for f64. They weigh next to nothing, and a norm's gain near 1
/// would lose all but 7 bits in bf16.
///
/// @param master what the optimizer changes and checkpoints hold
/// @param compute what matrices are multiplied in
/// @param trainable names of the parameters that some stage trains. A matrix that none trains has no master: it is stored in `compute`
///        alone, or smaller where it is held
/// @param held what matrices that none trains are stored in, by their names, where that is smaller than `compute`
public record DTypePolicy(DType master, DType compute, Device device, Predicate<String> trainable, Held held) {
    private static final Predicate<String> ALL = _ -> true;

    /// Frozen matrices below a name, stored in a dtype that is smaller than what they are multiplied in. Layers read them as they are, and widen
    /// each where it is multiplied ([Linear]): the same products of the same numbers as if they were stored wide.
    ///
    /// @param prefix of their names
    public record Held(String prefix, DType dtype) {}

    private static final Held NOTHING = new Held("", DType.F64);

    public static final DTypePolicy F32 = new DTypePolicy(DType.F32, DType.F32, Device.CPU);
    public static final DTypePolicy MIXED = new DTypePolicy(DType.F32, DType.BF16, Device.CPU);
    public static final DTypePolicy HALF = new DTypePolicy(DType.F32, DType.F16, Device.CPU);
    public static final DTypePolicy PURE = new DTypePolicy(DType.BF16, DType.BF16, Device.CPU);
    public static final DTypePolicy F64 = new DTypePolicy(DType.F64, DType.F64, Device.CPU);

    public DTypePolicy(DType master, DType compute, Device device) { this(master, compute, device, ALL, NOTHING); }

    public DTypePolicy on(Device other) { return new DTypePolicy(master, compute, other, trainable, held); }

    /// Masters for these parameters only.
    public DTypePolicy training(Predicate<String> names) { return new DTypePolicy(master, compute, device, names, held); }

    /// Frozen matrices below a name stored in a dtype of their own; of no effect where that is not smaller than `compute`.
    public DTypePolicy holding(String prefix, DType dtype) {
        return new DTypePolicy(master, compute, device, trainable, new Held(prefix, dtype));
    }

    /// For use without training: no masters at all.
    public DTypePolicy frozen() { return training(_ -> false); }

    /// For sampling: where the device multiplies `compute` in f32 anyway ([PathChoice]), matrices are turned to f32 once, not in each matmul.
    /// Where memory does not hold them so, they stay, and each is turned when it is multiplied.
    ///
    /// @param parameters of the model
    /// @param available bytes of memory; half of it is left to what sampling needs besides
    public DTypePolicy sampling(long parameters, long available) {
        var multiplied = PathChoice.LINEAR.dtype(compute, device);
        boolean once = multiplied != compute && (long) multiplied.bytes() * parameters <= available / 2;
        return once ? new DTypePolicy(multiplied, multiplied, device, trainable, NOTHING) : this;
    }

    public DType vectors() { return master.wide(); }

    /// What the optimizer changes of a parameter of this shape.
    public DType masterOf(String name, long... shape) {
        return shape.length <= 1 ? vectors() : trainable.test(name) ? master : frozenOf(name);
    }

    /// What a matrix is stored in that nothing trains.
    public DType frozenOf(String name) {
        return name.startsWith(held.prefix) && held.dtype.bytes() < compute.bytes() ? held.dtype : compute;
    }

    /// What layers read of it.
    DType computeOf(String name, long... shape) {
        return shape.length <= 1 ? vectors() : trainable.test(name) ? compute : frozenOf(name);
    }
}
