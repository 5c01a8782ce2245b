package dev.fusedit.torch.fused;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.internal.abi.ReadSection;
import dev.fusedit.torch.internal.vector.Rows;
import dev.fusedit.torch.internal.vector.SumRows;
import java.util.List;

/// x + factor · change, computed in f32.
public final class FusedSum {
    private FusedSum() {}

    /// @param factor_GC (G, C): each row serves an equal share of x's rows, in order
    /// @return of x's shape and dtype
    public static Tensor forward(Tensor x, Tensor change, Tensor factor_GC) {
        return Fused.kernel(() -> {
            long width = x.size(-1);
            var out = Fused.like(x);
            SumRows.forward(Fused.rows(Fused.laidOut(x), width), Fused.rows(Fused.laidOut(change), width),
                    Fused.rows(Fused.laidOut(factor_GC), width), Fused.rows(out, width));
            return out;
        });
    }

    /// sum ← sum + other; sum is contiguous.
    public static void add(Tensor sum, Tensor other) {
        try (var _ = ReadSection.enter(); var _ = TensorScope.open()) {
            long width = sum.size(-1);
            SumRows.add(Fused.rows(sum, width), Fused.rows(Fused.laidOut(other), width));
        }
    }

    /// out ← parts₀ + parts₁ + …, from left to right, in one pass; the same bits as libtorch's additions in f32.
    ///
    /// @param parts f32 or bf16, contiguous, of out's shape
    /// @param out f32, contiguous; may be one of the parts
    public static void of(List<Tensor> parts, Tensor out) {
        long width = out.rank() == 0 ? 1 : out.size(-1);
        try (var _ = ReadSection.enter()) {
            SumRows.of(parts.stream().map(part -> Fused.rows(part, width)).toArray(Rows[]::new), Fused.rows(out, width));
        }
    }

    /// The gradient of x is dy itself.
    ///
    /// @param dChange contiguous and of x's shape, overwritten; may be `change`
    /// @return the factor's gradient, (G, C) in f32
    public static Tensor backward(Tensor change, Tensor dy, Tensor factor_GC, Tensor dChange) {
        return Fused.kernel(() -> {
            long width = dy.size(-1);
            var gradient = Tensor.empty(DType.F32, factor_GC.shape());
            SumRows.backward(Fused.rows(Fused.laidOut(change), width), Fused.rows(Fused.laidOut(factor_GC), width),
                    Fused.rows(Fused.laidOut(dy), width), Fused.rows(dChange, width), Fused.rows(gradient, width));
            return gradient;
        });
    }
}
