package dev.fusedit.trainer.eval.metrics;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.stream.Stream;

/// Mean and covariance of images' features, f64 on the CPU.
///
/// @param mean (F)
/// @param covariance (F, F), by n − 1
public record FeatureStatistics(Tensor mean, Tensor covariance) implements Tensors {
    @Override
    public Stream<Tensor> tensors() { return Stream.of(mean, covariance); }

    /// @param features_NF one row an image, two and more of them
    public static FeatureStatistics of(Tensor features_NF) {
        checkArgument(features_NF.rank() == 2 && features_NF.size(0) > 1, "features are (N, F) with N of 2 and more, got %s", features_NF);
        return TensorScope.scoped(() -> {
            var wide = features_NF.to(DType.F64);
            var mean = wide.mean(false, 0);
            var centred = wide.sub(mean);
            return new FeatureStatistics(mean, centred.transpose(0, 1).matmul(centred).div(wide.size(0) - 1));
        });
    }

    /// The Fréchet distance of two normal distributions (Heusel et al. 2017): |μ − μ'|² + tr(Σ + Σ' − 2 √(ΣΣ')).
    ///
    /// The trace of the root is the sum of the roots of the eigenvalues of Aᵀ Σ' A where A Aᵀ = Σ. That matrix is symmetric, so it needs
    /// neither complex numbers nor a guard for covariances without full rank, as a root of the product itself does.
    public double frechetDistance(FeatureStatistics other) {
        checkArgument(mean.size(0) == other.mean.size(0), "features of %s and of %s numbers", mean.size(0), other.mean.size(0));
        try (var _ = TensorScope.open()) {
            var root = Symmetric.root(covariance);
            var product = root.transpose(0, 1).matmul(other.covariance).matmul(root);
            return mean.sub(other.mean).square().sum().item() + trace(covariance) + trace(other.covariance)
                    - 2 * Symmetric.eigenvalues(product).sqrt().sum().item();
        }
    }

    private static double trace(Tensor matrix) { return matrix.mul(Tensor.eye((int) matrix.size(0), DType.F64)).sum().item(); }
}
