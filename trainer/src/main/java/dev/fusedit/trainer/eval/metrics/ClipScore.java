package dev.fusedit.trainer.eval.metrics;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Arrays;

/// How well images fit their captions by CLIP's vectors, in the two forms that papers report.
///
/// @param cosines of each image and its caption
public record ClipScore(double[] cosines) {
    private static final double WEIGHT = 2.5;
    private static final double PERCENT = 100;

    /// @param images_NC not normalised
    /// @param captions_NC not normalised
    public static ClipScore of(Tensor images_NC, Tensor captions_NC) {
        checkArgument(Arrays.equals(images_NC.shape(), captions_NC.shape()), "as many captions as images, got %s and %s", captions_NC,
                images_NC);
        try (var _ = TensorScope.open()) {
            return new ClipScore(unit(images_NC).mul(unit(captions_NC)).sum(false, 1).toDoubles());
        }
    }

    /// Rows of length 1, f64.
    static Tensor unit(Tensor rows_NC) {
        return TensorScope.scoped(() -> {
            var wide = rows_NC.to(DType.F64);
            return wide.div(wide.norm(true, 1));
        });
    }

    /// 2.5 max(cos, 0) of each pair (Hessel et al. 2021).
    public double[] weighted() { return Arrays.stream(cosines).map(cosine -> WEIGHT * Math.max(cosine, 0)).toArray(); }

    public double weightedMean() { return Arrays.stream(weighted()).average().orElseThrow(); }

    /// 100 times the mean cosine, 0 if that is negative: torchmetrics' form.
    public double percent() { return Math.max(0, PERCENT * Arrays.stream(cosines).average().orElseThrow()); }
}
