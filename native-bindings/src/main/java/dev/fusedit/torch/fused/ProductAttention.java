package dev.fusedit.torch.fused;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.internal.vector.SoftmaxRows;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// softmax(q · kᵀ · scale + bias) · v by two products with a softmax in place between them, and its gradient by hand. For bf16 on the CPU, where
/// libtorch's flash kernel is slow.
///
/// Queries go through in parts, so that their scores never take more than [#MOST_BYTES]. Of several parts no probabilities are kept, but
/// computed again for the gradient: memory grows with the tokens, not with their square.
///
/// Letters: B batch · key/value heads, R queries that share a key/value head, L keys, D head width.
public final class ProductAttention implements AutoCloseable {
    private static final long MOST_BYTES = 32 << 20;

    private final TensorScope owner = TensorScope.holding();
    private final Tensor q_BRD;
    private final Tensor k_BLD;
    private final Tensor v_BLD;
    private final @Nullable Tensor bias_BL;
    private final double scale;
    private final List<Part> parts = new ArrayList<>();
    private final @Nullable Tensor probabilities_BRL;
    private final Tensor out_BRD;

    private record Part(long first, long count) {}

    /// Computes the output.
    ///
    /// @param bias_BL added to the scaled scores, f32; as many rows as B has, or a divisor of it; null for none
    public ProductAttention(Tensor q_BRD, Tensor k_BLD, Tensor v_BLD, @Nullable Tensor bias_BL, double scale) {
        this(q_BRD, k_BLD, v_BLD, bias_BL, scale, MOST_BYTES);
    }

    /// @param most bytes of scores at a time
    ProductAttention(Tensor q_BRD, Tensor k_BLD, Tensor v_BLD, @Nullable Tensor bias_BL, double scale, long most) {
        this.q_BRD = owner.hold(q_BRD.contiguous());
        this.k_BLD = owner.hold(k_BLD.contiguous());
        this.v_BLD = owner.hold(v_BLD.contiguous());
        this.bias_BL = bias_BL == null ? null : owner.hold(bias_BL.contiguous());
        this.scale = scale;
        long rows = q_BRD.size(1), bytes = q_BRD.size(0) * k_BLD.size(1) * q_BRD.dtype().bytes();
        long each = Math.max(1, Math.min(rows, most / Math.max(1, bytes)));
        for (long first = 0; first < rows; first += each) {
            parts.add(new Part(first, Math.min(each, rows - first)));
        }
        probabilities_BRL = parts.size() == 1 ? owner.hold(probabilities(parts.getFirst())) : null;
        out_BRD = owner.hold(probabilities_BRL == null
                ? joined(part -> probabilities(part).bmm(this.v_BLD))
                : probabilities_BRL.bmm(this.v_BLD));
    }

    private interface OfPart {
        Tensor of(Part part);
    }

    private Tensor joined(OfPart each) {
        var whole = Tensor.empty(q_BRD.dtype(), q_BRD.size(0), q_BRD.size(1), v_BLD.size(2));
        for (var part : parts) {
            try (var _ = TensorScope.open()) {
                whole.narrow(1, part.first, part.count).copyInPlace(each.of(part));
            }
        }
        return whole;
    }

    private Tensor probabilities(Part part) {
        return TensorScope.scoped(() -> {
            long keys = k_BLD.size(1);
            var scores = q_BRD.narrow(1, part.first, part.count).bmm(k_BLD.transpose(1, 2));
            SoftmaxRows.forward(Fused.rows(scores, keys), bias_BL == null ? null : Fused.rows(bias_BL, keys), (float) scale);
            return scores;
        });
    }

    /// (B, R, D); stays this object's.
    public Tensor out_BRD() { return out_BRD; }

    /// Of queries, keys and values.
    public record Gradient(Tensor q_BRD, Tensor k_BLD, Tensor v_BLD) {}

    /// @param arrived_BRD the output's gradient
    public Gradient backward(Tensor arrived_BRD) {
        var dq = Tensor.empty(q_BRD.dtype(), q_BRD.shape());
        var dk = Tensor.zeros(DType.F32, q_BRD.device(), k_BLD.shape());
        var dv = Tensor.zeros(DType.F32, q_BRD.device(), v_BLD.shape());
        for (var part : parts) {
            try (var _ = TensorScope.open()) {
                var arrived = arrived_BRD.narrow(1, part.first, part.count);
                var known = probabilities_BRL == null ? probabilities(part) : probabilities_BRL;
                FusedSum.add(dv, known.transpose(1, 2).bmm(arrived));
                var change = arrived.bmm(v_BLD.transpose(1, 2));
                SoftmaxRows.backward(Fused.rows(known, k_BLD.size(1)), (float) scale, Fused.rows(change, k_BLD.size(1)));
                dq.narrow(1, part.first, part.count).copyInPlace(change.bmm(k_BLD));
                FusedSum.add(dk, change.transpose(1, 2).bmm(q_BRD.narrow(1, part.first, part.count)));
            }
        }
        return new Gradient(dq, dk.to(q_BRD.dtype()), dv.to(q_BRD.dtype()));
    }

    @Override
    public void close() { owner.close(); }
}
