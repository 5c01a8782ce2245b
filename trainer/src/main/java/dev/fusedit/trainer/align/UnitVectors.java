package dev.fusedit.trainer.align;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// Vectors of length 1, whose products are cosines.
final class UnitVectors {
    private static final double SMALLEST = 1e-8;

    private UnitVectors() {}

    /// x / max(|x|, 1e-8) over the last dimension, in f32 (f64 for f64). A vector of zeros stays one.
    static Tensor of(Tensor x) {
        return TensorScope.scoped(() -> {
            var wide = x.dtype() == DType.F64 ? x : x.to(DType.F32);
            return wide.div(wide.norm(true, -1).clamp(SMALLEST, Double.POSITIVE_INFINITY));
        });
    }
}
