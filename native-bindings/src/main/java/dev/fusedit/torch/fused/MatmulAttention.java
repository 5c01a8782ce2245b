package dev.fusedit.torch.fused;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.QueryGroups;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import dev.fusedit.torch.internal.abi.ReadSection;
import dev.fusedit.torch.internal.vector.SoftmaxRows;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// softmax(q · kᵀ · scale + bias) · v by two matmuls with a softmax in place between them, and its custom gradient. For bf16 on the CPU,
/// where libtorch's flash kernel is slow.
///
/// Queries go through in parts, so that their scores never take more than 32 MiB. Of several parts no probabilities are kept, but computed
/// again for the gradient: memory grows with the tokens, not with their square.
///
/// Letters: B batch, H heads, K key/value heads, N queries, L keys, D head width; P = B · K, R = N · H / K queries that share a key/value head.
public final class MatmulAttention {
    /// Bytes of scores that one attention keeps at most.
    public static final long MOST_BYTES = 32 << 20;

    private record Part(long first, long count) {}

    private final QueryGroups groups;
    private final long batch;
    private final long heads;
    private final Tensor q_PRD;
    private final Tensor k_PLD;
    private final Tensor v_PLD;
    private final @Nullable Tensor bias_BL;
    private final float scale;
    private final List<Part> parts;
    private final @Nullable Tensor probabilities_PRL;
    private final Tensor out_BHND;

    private MatmulAttention(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD, @Nullable Tensor bias, double scale, long most,
            TensorScope owner) {
        groups = new QueryGroups(k_BKLD.size(1));
        batch = q_BHND.size(0);
        heads = q_BHND.size(1);
        this.scale = (float) scale;
        try (var _ = TensorScope.open()) {
            q_PRD = owner.hold(groups.fold(q_BHND).flatten(0, 1).contiguous());
            k_PLD = owner.hold(k_BKLD.flatten(0, 1).contiguous());
            v_PLD = owner.hold(v_BKLD.flatten(0, 1).contiguous());
            bias_BL = bias == null ? null : owner.hold(bias.reshape(bias.size(0), bias.size(-1)).contiguous());
            parts = parts(q_PRD.size(1), q_PRD.size(0) * k_PLD.size(1) * q_PRD.dtype().bytes(), most);
            probabilities_PRL = parts.size() == 1 ? owner.hold(probabilities(parts.getFirst())) : null;
            var out_PRD = probabilities_PRL == null ? joined(v_PLD.size(2), part -> probabilities(part).bmm(v_PLD))
                    : probabilities_PRL.bmm(v_PLD);
            out_BHND = owner.hold(groups.unfold(out_PRD.view(batch, groups.kvHeads(), out_PRD.size(1), -1), heads));
        }
    }

    /// Computes the output.
    ///
    /// @param bias added to the scaled scores, (B or 1, 1, 1, L); null for none
    /// @param owner of what is kept
    public static MatmulAttention of(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD, @Nullable Tensor bias, double scale, TensorScope owner) {
        return new MatmulAttention(q_BHND, k_BKLD, v_BKLD, bias, scale, MOST_BYTES, owner);
    }

    /// @param most bytes of scores at a time
    static MatmulAttention of(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD, @Nullable Tensor bias, double scale, TensorScope owner,
            long most) {
        return new MatmulAttention(q_BHND, k_BKLD, v_BKLD, bias, scale, most, owner);
    }

    private static List<Part> parts(long rows, long bytes, long most) {
        long each = Math.clamp(most / Math.max(1, bytes), 1, rows);
        var parts = new ArrayList<Part>();
        for (long first = 0; first < rows; first += each) {
            parts.add(new Part(first, Math.min(each, rows - first)));
        }
        return parts;
    }

    private Tensor joined(long width, Function<Part, Tensor> each) {
        var whole = Tensor.empty(q_PRD.dtype(), q_PRD.size(0), q_PRD.size(1), width);
        for (var part : parts) {
            try (var _ = TensorScope.open()) {
                whole.narrow(1, part.first, part.count).copyInPlace(each.apply(part));
            }
        }
        return whole;
    }

    private Tensor probabilities(Part part) {
        return TensorScope.scoped(() -> {
            long keys = k_PLD.size(1);
            var scores = q_PRD.narrow(1, part.first, part.count).bmm(k_PLD.transpose(1, 2));
            try (var _ = ReadSection.enter()) {
                SoftmaxRows.forward(Fused.rows(scores, keys), bias_BL == null ? null : Fused.rows(bias_BL, keys), scale);
            }
            return scores;
        });
    }

    /// Stays the owner's.
    public Tensor out_BHND() { return out_BHND; }

    /// Of queries, keys and values.
    public record Gradient(Tensor q_BHND, Tensor k_BKLD, Tensor v_BKLD) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(q_BHND, k_BKLD, v_BKLD); }
    }

    /// @param gradOutput_BHND the output's gradient
    public Gradient backward(Tensor gradOutput_BHND) {
        return TensorScope.scoped(() -> {
            var gradOutput_PRD = groups.fold(gradOutput_BHND).flatten(0, 1);
            var dk_PLD = Tensor.zeros(DType.F32, k_PLD.device(), k_PLD.shape());
            var dv_PLD = Tensor.zeros(DType.F32, v_PLD.device(), v_PLD.shape());
            var dq_PRD = joined(q_PRD.size(2), part -> backward(part, gradOutput_PRD.narrow(1, part.first, part.count), dk_PLD, dv_PLD));
            return new Gradient(groups.unfold(dq_PRD.view(batch, groups.kvHeads(), dq_PRD.size(1), -1), heads), perHead(dk_PLD),
                    perHead(dv_PLD));
        });
    }

    private Tensor backward(Part part, Tensor gradOutput_PRD, Tensor dk_PLD, Tensor dv_PLD) {
        long keys = k_PLD.size(1);
        var known_PRL = probabilities_PRL == null ? probabilities(part) : probabilities_PRL;
        FusedSum.add(dv_PLD, known_PRL.transpose(1, 2).bmm(gradOutput_PRD));
        var change_PRL = gradOutput_PRD.bmm(v_PLD.transpose(1, 2));
        try (var _ = ReadSection.enter()) {
            SoftmaxRows.backward(Fused.rows(known_PRL, keys), scale, Fused.rows(change_PRL, keys));
        }
        FusedSum.add(dk_PLD, change_PRL.transpose(1, 2).bmm(q_PRD.narrow(1, part.first, part.count)));
        return change_PRL.bmm(k_PLD);
    }

    private Tensor perHead(Tensor sum_PLD) {
        return sum_PLD.to(q_PRD.dtype()).view(batch, groups.kvHeads(), sum_PLD.size(1), -1);
    }
}
