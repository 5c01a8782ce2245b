package dev.fusedit.fusion.dit;

import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.Tensors;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What the noise level does to one block. Each is (B, 1, C), or null where nothing is done.
public record Modulation(@Nullable Tensor shiftAttention, @Nullable Tensor scaleAttention, @Nullable Tensor gateAttention,
        @Nullable Tensor shiftMlp, @Nullable Tensor scaleMlp, @Nullable Tensor gateMlp) implements Tensors {
    public static final Modulation NONE = new Modulation(null, null, null, null, null, null);
    static final int PARTS = 6;
    /// The first ones: of the norm before the attention.
    static final int OF_NORM = 2;

    /// @param all_BX six widths in the paper's order, or the first of them
    /// @param table_X added to it; null for none
    /// @param count how many
    static Modulation of(Ops ops, Tensor all_BX, @Nullable Tensor table_X, int count) {
        var parts = ops.modulation(all_BX, table_X, count);
        return count == OF_NORM ? new Modulation(parts.get(0), parts.get(1), null, null, null, null)
                : new Modulation(parts.get(0), parts.get(1), parts.get(2), parts.get(3), parts.get(4), parts.get(5));
    }

    @Override
    public Stream<Tensor> tensors() {
        return Stream.of(shiftAttention, scaleAttention, gateAttention, shiftMlp, scaleMlp, gateMlp).filter(Objects::nonNull)
                .map(Objects::requireNonNull);
    }
}
