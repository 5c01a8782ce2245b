package dev.fusedit.trainer.eval.metrics;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Arrays;

/// How different images are from each other, by the cosines of their features.
///
/// @param vendi the number of different images, from 1 to as many as there are (Friedman and Dieng 2023)
/// @param meanCosine of all pairs
public record Diversity(double vendi, double meanCosine) {
    /// @param features_NF two rows and more
    public static Diversity of(Tensor features_NF) {
        checkArgument(features_NF.rank() == 2 && features_NF.size(0) > 1, "features are (N, F) with N of 2 and more, got %s", features_NF);
        try (var _ = TensorScope.open()) {
            var count = features_NF.size(0);
            var unit = ClipScore.unit(features_NF);
            var cosines = unit.matmul(unit.transpose(0, 1));
            var entropy = Arrays.stream(Symmetric.eigenvalues(cosines.div(count)).toDoubles()).filter(value -> value > 0)
                    .map(value -> -value * Math.log(value)).sum();
            return new Diversity(Math.exp(entropy), (cosines.sum().item() - count) / (count * (count - 1.0)));
        }
    }

    public double meanDistance() { return 1 - meanCosine; }
}
