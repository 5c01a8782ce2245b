package dev.fusedit.fusion.dit;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.fused.FusedSum;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What the noise level does to one block. Each is (B, 1, C), or null where nothing is done.
public record Modulation(@Nullable Tensor shiftAttention, @Nullable Tensor scaleAttention, @Nullable Tensor gateAttention,
        @Nullable Tensor shiftMlp, @Nullable Tensor scaleMlp, @Nullable Tensor gateMlp) implements Tensors {
    public static final Modulation NONE = new Modulation(null, null, null, null, null, null);

    /// (B, 6·C) in the paper's order.
    static Modulation of(Tensor all_BX) {
        var parts = all_BX.unsqueeze(1).chunk(6, -1);
        return new Modulation(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]);
    }

    @Override
    public Stream<Tensor> tensors() {
        return Stream.of(shiftAttention, scaleAttention, gateAttention, shiftMlp, scaleMlp, gateMlp).filter(Objects::nonNull)
                .map(Objects::requireNonNull);
    }

    /// x + gate · change
    static Tensor add(Tensor x, Tensor change, @Nullable Tensor gate) {
        if (gate != null && Fused.servesForward(x, change, gate)) {
            return FusedSum.forward(x, change, gate);
        }
        return TensorScope.scoped(() -> x.add(gate == null ? change : change.mul(gate)));
    }
}
