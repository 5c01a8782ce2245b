package dev.fusedit.trainer.align;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.recipe.Losses;
import java.util.Collections;
import java.util.List;

/// How images and captions are told from each other, by the scores s_ij of image i with caption j.
///
/// **Equal captions are no negatives.** The rows with image i's caption are right answers together, P(i). Were they left out of the sum
/// below instead, a guess by how often a caption comes would be better than chance, and on images shuffled against captions the loss
/// could fall without any image being looked at. As it is, the even guess is the best one without looking, and its loss is known
/// exactly: [#chance].
///
/// InfoNCE in both directions (Oord et al. 2018, arXiv 1807.03748; CLIP: Radford et al. 2021, arXiv 2103.00020, figure 3), the sum over
/// right answers within the logarithm (MIL-NCE: Miech et al. 2020, arXiv 1912.06430, equation 1):
///
///     L = −1/(2R) Σ_i [log Σ_{j∈P(i)} e^{s_ij} / Σ_j e^{s_ij}  +  log Σ_{j∈P(i)} e^{s_ji} / Σ_j e^{s_ji}]
///
/// SigLIP (Zhai et al. 2023, arXiv 2303.15343, equation 1), each pair by itself, z_ij = 1 for j in P(i), else −1:
///
///     L = −1/R Σ_i Σ_j log σ(z_ij s_ij)
final class Comparison {
    private Comparison() {}

    /// @param scores_RR images by captions
    static Tensor loss(Losses.Comparison kind, Tensor scores_RR, List<String> captions) {
        return TensorScope.scoped(() -> {
            var right_RR = right(captions).to(scores_RR.device());
            return switch (kind) {
                case INFONCE -> found(scores_RR, right_RR, 1).add(found(scores_RR, right_RR, 0)).mul(0.5);
                case SIGLIP -> right_RR.where(scores_RR, scores_RR.neg()).logSigmoid().sum()
                        .div((double) -captions.size());
            };
        });
    }

    /// −log of the probability of a right answer, mean over rows.
    private static Tensor found(Tensor scores_RR, Tensor right_RR, int dim) {
        return TensorScope.scoped(() -> {
            var ofRight = scores_RR.maskedFill(right_RR.logicalNot(), Double.NEGATIVE_INFINITY).logSumExp(false, dim);
            return scores_RR.logSumExp(false, dim).sub(ofRight).mean();
        });
    }

    private static Tensor right(List<String> captions) {
        int rows = captions.size();
        var right = new boolean[rows * rows];
        for (int i = 0; i < right.length; i++) right[i] = captions.get(i / rows).equals(captions.get(i % rows));
        return Tensor.of(right, rows, rows);
    }

    /// The least loss, in nats, that is to be had without looking at images, n_i being how many rows have row i's caption.
    ///
    /// InfoNCE: 1/R Σ_i log(R/n_i), which is log R where all captions differ. SigLIP: Σ_i h(n_i/R), h(p) = −p log p − (1 − p) log(1 − p).
    static double chance(Losses.Comparison kind, List<String> captions) {
        double rows = captions.size();
        return captions.stream().mapToDouble(caption -> {
            double share = Collections.frequency(captions, caption) / rows;
            return switch (kind) {
                case INFONCE -> -Math.log(share) / rows;
                case SIGLIP -> share == 1 ? 0 : -share * Math.log(share) - (1 - share) * Math.log(1 - share);
            };
        }).sum();
    }
}
