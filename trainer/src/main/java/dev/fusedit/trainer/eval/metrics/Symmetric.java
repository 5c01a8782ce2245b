package dev.fusedit.trainer.eval.metrics;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;

/// Eigenvalues of symmetric matrices that have none below 0: what rounding leaves there is taken as 0.
final class Symmetric {
    private Symmetric() {}

    static Tensor eigenvalues(Tensor matrix) {
        return TensorScope.scoped(() -> Torch.call("aten::linalg_eigh", "", halved(matrix)).tensor(0).clamp(0.0, Double.MAX_VALUE));
    }

    /// A with A · Aᵀ = matrix.
    static Tensor root(Tensor matrix) {
        return TensorScope.scoped(() -> {
            var parts = Torch.call("aten::linalg_eigh", "", halved(matrix));
            return parts.tensor(1).mul(parts.tensor(0).clamp(0.0, Double.MAX_VALUE).sqrt());
        });
    }

    private static Tensor halved(Tensor matrix) { return matrix.add(matrix.transpose(0, 1)).mul(0.5); }
}
