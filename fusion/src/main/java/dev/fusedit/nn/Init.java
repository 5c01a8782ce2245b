package dev.fusedit.nn;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// What a parameter is before training.
public sealed interface Init {
    /// Norm weights that multiply by 1 + weight, biases, and what must not act at first.
    record Zeros() implements Init {}

    /// Norm weights that multiply.
    record Ones() implements Init {}

    /// Normal values around 0.
    record Normal(double deviation) implements Init {}

    /// As [Normal], but the row of one id is 0: an embedding's padding.
    record NormalButRow(double deviation, long row) implements Init {}

    /// Uniform in ±√(6 / (in + out)), where all dimensions after the first count as `in` (Glorot and Bengio 2010).
    record Xavier() implements Init {}

    /// Uniform in ±1/√in, where all dimensions after the first count as `in`: PyTorch's `kaiming_uniform_(a=√5)` (He et al. 2015).
    record KaimingUniform() implements Init {}

    Init ZEROS = new Zeros();
    Init ONES = new Ones();
    Init XAVIER = new Xavier();
    Init KAIMING_UNIFORM = new KaimingUniform();

    static Init normal(double deviation) { return new Normal(deviation); }

    /// New values, f32 on the CPU; the same for the same seed.
    default Tensor draw(Seed seed, long... shape) {
        return TensorScope.scoped(() -> switch (this) {
            case Zeros() -> Tensor.zeros(DType.F32, shape);
            case Ones() -> Tensor.ones(DType.F32, shape);
            case Normal(var deviation) -> Tensor.randn(seed, DType.F32, shape).mul(deviation);
            case NormalButRow(var deviation, var row) -> {
                var values = Tensor.randn(seed, DType.F32, shape).mul(deviation);
                values.select(0, row).zeroInPlace();
                yield values;
            }
            case Xavier() -> Tensor.rand(seed, DType.F32, shape).sub(0.5).mul(2 * Math.sqrt(6.0 / (in(shape) + shape[0])));
            case KaimingUniform() -> Tensor.rand(seed, DType.F32, shape).sub(0.5).mul(2 / Math.sqrt(in(shape)));
        });
    }

    private static long in(long... shape) {
        long in = 1;
        for (int i = 1; i < shape.length; i++) {
            in *= shape[i];
        }
        return in;
    }
}
