package dev.fusedit.trainer.eval.metrics;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.function.Supplier;

/// The distance of two sets of vectors by a Gaussian kernel, squared, with its diagonal (the biased estimate, which cannot be negative):
/// 1000 (mean k(x, x') + mean k(y, y') − 2 mean k(x, y)), k(x, y) = exp(−|x − y|² / (2 · 10²)), over vectors of length 1. On CLIP's vectors of
/// images it is CMMD (Jayasumana et al. 2023, "Rethinking FID", and its public code), published with ViT-L/14 at 336 pixels.
public final class MaximumMeanDiscrepancy {
    /// What reports say of it.
    public static final String DEFINITION = "CMMD: Gaussian kernel, bandwidth 10, × 1000, biased (with the diagonal), as published";
    private static final double BANDWIDTH = 10;
    private static final double SCALE = 1000;
    /// Rows of the kernel at once.
    private static final int ROWS = 1024;

    private MaximumMeanDiscrepancy() {}

    /// @param x_NF not normalised
    /// @param y_MF not normalised
    public static double of(Tensor x_NF, Tensor y_MF) {
        checkArgument(x_NF.rank() == 2 && y_MF.rank() == 2 && x_NF.size(1) == y_MF.size(1), "vectors of one width, got %s and %s", x_NF,
                y_MF);
        try (var _ = TensorScope.open()) {
            Tensor x = ClipScore.unit(x_NF.to(DType.F64)), y = ClipScore.unit(y_MF.to(DType.F64));
            return SCALE * (mean(x, x) + mean(y, y) - 2 * mean(x, y));
        }
    }

    /// Of the kernel; of vectors of length 1, |x − y|² is 2 − 2 x · y.
    private static double mean(Tensor x, Tensor y) {
        double sum = 0;
        for (long at = 0; at < x.size(0); at += ROWS) {
            long first = at;
            sum += sum(() -> x.narrow(0, first, Math.min(ROWS, x.size(0) - first)).matmul(y.transpose(0, 1)).mul(-2).add(2)
                    .div(-2 * BANDWIDTH * BANDWIDTH).exp().sum());
        }
        return sum / x.size(0) / y.size(0);
    }

    private static double sum(Supplier<Tensor> part) {
        try (var _ = TensorScope.open()) {
            return part.get().item();
        }
    }
}
