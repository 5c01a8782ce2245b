package dev.fusedit.nn.ops;

import dev.fusedit.nn.AttentionMask;
import dev.fusedit.nn.Heads;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.ScoreScaling;
import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.fused.MatmulAttention;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// softmax(q · kᵀ · scale + mask) · v, heads merged. In bf16 on the CPU by [MatmulAttention], which has its backward beside it; elsewhere libtorch's
/// attention, which knows its own.
///
/// @param q (B, H, N, D)
record AttentionOp(Tensor q, KeyValues read, ScoreScaling scaling, AttentionMask mask) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() { return Stream.concat(Stream.of(q), read.tensors()); }

    @Override
    public AttentionOp over(UnaryOperator<Tensor> each) { return new AttentionOp(each.apply(q), read.replaced(each), scaling, mask); }

    @Override
    public Tensor autograd() { return Heads.merge(mask.attend(q, read, scaling)); }

    /// Null where libtorch's attention serves.
    private @Nullable MatmulAttention byMatmuls(TensorScope owner) {
        if (scaling.softcap() > 0 || !Attention.byMatmuls(q) || !Fused.serves(q)) {
            return null;
        }
        return switch (mask) {
            case AttentionMask.Keys(var bias) -> MatmulAttention.of(q, read.keys(), read.values(), bias, scaling.scale(), owner);
            case AttentionMask.Causal() -> null;
            case AttentionMask.Biased(_) -> null;
        };
    }

    @Override
    public Tensor inference() {
        try (var scope = TensorScope.open(); var owner = TensorScope.holding()) {
            var attention = byMatmuls(owner);
            return scope.keep(attention == null ? autograd() : Heads.merge(attention.out_BHND()));
        }
    }

    @Override
    public Tensor counted(Count count) {
        long batch = q.size(0), heads = q.size(1), queries = q.size(2), width = q.size(3), keys = read.keys().size(2);
        boolean grouped = read.keys().size(1) > 1;
        double share = mask.share(queries, keys);
        double times = share * (count.isRecorded() ? 3 : 1);
        count.add(new Count.Matmul(batch * queries, heads * width, keys, times));
        count.add(new Count.Matmul(batch * queries, keys, heads * width, times));
        var out = count.made(batch, queries, heads * width);
        count.keep(q);
        count.keep(out);
        if (grouped) {
            count.keepOwn(Count.bytes(out)); // with heads merged, where groups of heads lie apart
        }
        count.keep(read.keys());
        count.keep(read.values());
        long scores = batch * heads * queries * keys * q.dtype().bytes();
        if (!count.target().matmulAttention() || scaling.softcap() > 0) {
            count.keepOwn(scaling.softcap() > 0 ? 3 * scores : Float.BYTES * batch * heads * queries);
        } else if (mask.isPerQuery() || scores <= MatmulAttention.MOST_BYTES) {
            count.keepOwn(scores);
        }
        return out;
    }

    @Override
    public Tensor recorded(Recording recording) {
        var attention = byMatmuls(recording.owner());
        if (attention == null) {
            return recording.byAutograd(this);
        }
        @Nullable GradAccumulator dq = recording.gradient(q), dk = recording.gradient(read.keys()), dv = recording.gradient(read.values());
        recording.backward(dy -> {
            var gradient = attention.backward(Heads.split(dy, attention.out_BHND().size(1)));
            add(dq, gradient.q_BHND());
            add(dk, gradient.k_BKLD());
            add(dv, gradient.v_BKLD());
        });
        return Heads.merge(attention.out_BHND());
    }

    private static void add(@Nullable GradAccumulator sum, Tensor gradient) {
        if (sum != null) {
            sum.add(gradient);
        }
    }
}
