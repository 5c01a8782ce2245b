package dev.fusedit.trainer.eval.metrics;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;

/// How two sets of vectors lie among each other, by the ball around each vector that reaches to its k-th nearest neighbour in its own set:
/// precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020, whose `prdc` has k = 5 for all four).
///
/// @param precision share of generated vectors that lie in a ball of a real one
/// @param recall share of real vectors that lie in a ball of a generated one
/// @param density balls of real vectors that a generated one lies in, over k
/// @param coverage share of real vectors in whose ball lies a generated one
public record Neighbourhoods(double precision, double recall, double density, double coverage) {
    public static final int NEAREST = 5;
    private static final int ROWS = 512;

    /// @param real_NF more than k
    /// @param generated_MF more than k
    public static Neighbourhoods of(Tensor real_NF, Tensor generated_MF) {
        checkArgument(real_NF.size(0) > NEAREST && generated_MF.size(0) > NEAREST && real_NF.size(1) == generated_MF.size(1),
                "more than %s vectors of one width each, got %s and %s", NEAREST, real_NF, generated_MF);
        try (var _ = TensorScope.open()) {
            Tensor real = real_NF.to(DType.F64), generated = generated_MF.to(DType.F64);
            Tensor ofReal = radii(real), ofGenerated = radii(generated);
            long n = real.size(0), m = generated.size(0);
            double precise = 0, dense = 0;
            var covered = Tensor.zeros(DType.BOOL, n);
            var recalled = Tensor.zeros(DType.BOOL, n);
            for (long at = 0; at < m; at += ROWS) {
                long rows = Math.min(ROWS, m - at);
                try (var _ = TensorScope.open()) {
                    var distances_RN = distances(generated.narrow(0, at, rows), real);
                    var inReal = distances_RN.lt(ofReal.unsqueeze(0));
                    precise += inReal.to(DType.F64).amax(false, 1).sum().item();
                    dense += inReal.to(DType.F64).sum().item();
                    var inGenerated = distances_RN.lt(ofGenerated.narrow(0, at, rows).unsqueeze(1));
                    covered.copyInPlace(covered.logicalOr(inReal.to(DType.F64).amax(false, 0).gt(0.5)));
                    recalled.copyInPlace(recalled.logicalOr(inGenerated.to(DType.F64).amax(false, 0).gt(0.5)));
                }
            }
            return new Neighbourhoods(precise / m, share(recalled), dense / m / NEAREST, share(covered));
        }
    }

    private static double share(Tensor flags) { return flags.to(DType.F64).mean().item(); }

    /// To the k-th nearest of the others; the nearest of all is itself.
    private static Tensor radii(Tensor all) {
        return TensorScope.scoped(() -> {
            var parts = new ArrayList<Tensor>();
            for (long at = 0; at < all.size(0); at += ROWS) {
                var rows = all.narrow(0, at, Math.min(ROWS, all.size(0) - at));
                parts.add(TensorScope.scoped(() -> distances(rows, all).neg().topk(NEAREST + 1, 1).values().select(1, NEAREST).neg()));
            }
            return Tensor.cat(0, parts);
        });
    }

    /// Squared.
    private static Tensor distances(Tensor x, Tensor y) {
        return TensorScope.scoped(() -> x.square().sum(true, 1).add(y.square().sum(false, 1).unsqueeze(0))
                .sub(x.matmul(y.transpose(0, 1)).mul(2)).clamp(0.0, Double.MAX_VALUE));
    }
}
