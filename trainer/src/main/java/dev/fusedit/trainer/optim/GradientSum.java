package dev.fusedit.trainer.optim;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.fused.FusedSum;
import java.util.List;
import java.util.stream.Stream;

/// out ← the parts, from left to right.
///
/// @param out f32 or f64; may be the first part
record GradientSum(List<Tensor> parts, Tensor out) {
    /// Side by side, each lane some of them.
    static void takeAll(List<GradientSum> all, Lanes lanes) { lanes.each(all, sum -> sum.out.numel(), GradientSum::take); }

    /// Whether one pass over memory does it.
    private boolean isOnePass() {
        return Fused.serves(out) && Stream.concat(parts.stream(), Stream.of(out))
                .allMatch(part -> part.isContiguous() && (part.dtype() == DType.F32 || part.dtype() == DType.BF16));
    }

    void take() {
        if (parts.size() == 1 && parts.getFirst() == out) {
            return;
        }
        if (isOnePass()) {
            FusedSum.of(parts, out);
            return;
        }
        for (int i = 0; i < parts.size(); i++) {
            try (var _ = TensorScope.open()) { // no copy in f32 outlives its sum
                add(parts.get(i), i == 0);
            }
        }
    }

    private void add(Tensor part, boolean first) {
        if (!first) {
            out.addInPlace(part.to(out.dtype()));
        } else if (part != out) {
            out.copyInPlace(part);
        }
    }
}
