package dev.fusedit.trainer.align;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// last(silu(second(silu(first(x))))), the head that REPA projects features with (arXiv 2410.06940, appendix B).
record Projection(Linear first, Linear second, Linear last) {
    static Projection of(Weights weights, long in, long inner, long out) {
        return new Projection(Linear.of(weights.in("first"), Init.XAVIER, in, inner, true),
                Linear.of(weights.in("second"), Init.XAVIER, inner, inner, true),
                Linear.of(weights.in("last"), Init.XAVIER, inner, out, true));
    }

    Tensor apply(Tensor x) { return TensorScope.scoped(() -> last.apply(second.apply(first.apply(x).silu()).silu())); }
}
