package dev.fusedit.trainer.optim;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// Matrices with their singular values brought near 1, U Vᵀ of their decompositions U S Vᵀ, by a polynomial that needs products only:
///
///     X ← M / ‖M‖        X ← (a I + b A + c A²) X,  A = X Xᵀ        (a, b, c) = (3.4445, −4.7750, 2.0315)
///
/// The coefficients ([Jordan 2024](https://kellerjordan.github.io/posts/muon/)) rise steeply at 0 and don't converge: after five rounds
/// singular values that were above a hundredth of the norm lie between 0.68 and 1.2, which serves as well as 1.
final class NewtonSchulz {
    private static final double A = 3.4445, B = -4.7750, C = 2.0315;
    private static final double LEAST_NORM = 1e-7;

    private NewtonSchulz() {}

    /// @param matrices_NRC no more rows than columns, since R · R is what is multiplied most; in the dtype to multiply in, bf16 is enough
    static Tensor orthogonal(Tensor matrices_NRC, int rounds) {
        return TensorScope.scoped(() -> {
            var x_NRC = matrices_NRC.div(matrices_NRC.norm(true, 1, 2).clamp(LEAST_NORM, Double.POSITIVE_INFINITY));
            var identity_RR = Tensor.eye((int) x_NRC.size(1), x_NRC.dtype()).to(x_NRC.device()).mul(A);
            for (int i = 0; i < rounds; i++) {
                x_NRC = round(x_NRC, identity_RR);
            }
            return x_NRC;
        });
    }

    /// @param identity_RR times a
    private static Tensor round(Tensor x_NRC, Tensor identity_RR) {
        return TensorScope.scoped(() -> {
            var gram_NRR = x_NRC.bmm(x_NRC.transpose(1, 2));
            return gram_NRR.mul(B).addScaled(gram_NRR.bmm(gram_NRR), C).add(identity_RR).bmm(x_NRC);
        });
    }
}
