package dev.fusedit.torch.fused;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.Tensors;
import dev.fusedit.torch.internal.vector.NormRows;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// x / rms(x) · gain + shift over the last dimension, computed in f32.
///
/// Letters: B batch, C width. Inputs may be f32 or bf16 each; they are made contiguous where they are not.
public final class FusedNorm {
    private FusedNorm() {}

    /// @param gain_GC (G, C) or (C): each row serves an equal share of x's rows, in order
    /// @param shift_GC of the same shape; null for none
    /// @return of x's shape and dtype
    public static Tensor forward(Tensor x, Tensor gain_GC, @Nullable Tensor shift_GC, double eps) {
        return Fused.kernel(() -> {
            long width = x.size(-1);
            var out = Fused.like(x);
            NormRows.forward(Fused.rows(Fused.laidOut(x), width), Fused.rows(Fused.laidOut(gain_GC), width),
                    shift_GC == null ? null : Fused.rows(Fused.laidOut(shift_GC), width), eps, Fused.rows(out, width));
            return out;
        });
    }

    /// @param gain f32, of the gain's shape
    /// @param shift likewise; null where there was none
    public record Gradient(Tensor gain, @Nullable Tensor shift) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(gain, shift).filter(Objects::nonNull).map(Objects::requireNonNull); }
    }

    /// Writes the gradient of x to `dx`, or adds it to what is there.
    ///
    /// @param shifted whether there was a shift
    /// @param dx contiguous and of x's shape; may be dy itself where it is written over
    /// @param more whether the gradient is added
    public static Gradient backward(Tensor x, Tensor dy, Tensor gain_GC, boolean shifted, double eps, Tensor dx, boolean more) {
        return Fused.kernel(() -> {
            long width = x.size(-1);
            var gradient = new Gradient(Tensor.empty(DType.F32, gain_GC.shape()),
                    shifted ? Tensor.empty(DType.F32, gain_GC.shape()) : null);
            NormRows.backward(Fused.rows(Fused.laidOut(x), width), Fused.rows(Fused.laidOut(dy), width),
                    Fused.rows(Fused.laidOut(gain_GC), width), eps, Fused.rows(dx, width), more, Fused.rows(gradient.gain(), width),
                    gradient.shift() == null ? null : Fused.rows(gradient.shift(), width));
            return gradient;
        });
    }
}
