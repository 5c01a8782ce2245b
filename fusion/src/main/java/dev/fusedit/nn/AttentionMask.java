package dev.fusedit.nn;

import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a query sees.
///
/// Letters: B batch, H heads, K key/value heads, N queries, T tokens, L keys, D a head's width.
public sealed interface AttentionMask extends Tensors {
    /// Every query sees every key.
    AttentionMask ALL = new Keys(null);

    /// Every query sees the same keys of its sample (a key-padding mask).
    ///
    /// @param bias takes keys away, (B, 1, 1, L); null where all are seen
    record Keys(@Nullable Tensor bias) implements AttentionMask {
        @Override
        public Stream<Tensor> tensors() { return Stream.ofNullable(bias); }
    }

    /// A token sees those before it and itself.
    record Causal() implements AttentionMask {
        @Override
        public Stream<Tensor> tensors() { return Stream.empty(); }
    }

    /// What a bias of its own leaves each query.
    ///
    /// @param bias (B or 1, 1, N, L)
    record Biased(Tensor bias) implements AttentionMask {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(bias); }
    }

    /// Whether each query has a mask of its own.
    default boolean isPerQuery() {
        return switch (this) {
            case Keys(_) -> false;
            case Causal() -> true;
            case Biased(_) -> true;
        };
    }

    /// Which share of all pairs of queries and keys is needed; what a bias takes away counts as needed, since it is computed.
    default double share(long queries, long keys) {
        return switch (this) {
            case Keys(_) -> 1;
            case Causal() -> (queries + 1) / (2.0 * keys);
            case Biased(_) -> 1;
        };
    }

    /// softmax(q · kᵀ · scale + mask) · v in libtorch's ops.
    ///
    /// @return (B, H, N, D)
    default Tensor attend(Tensor q_BHND, KeyValues read, ScoreScaling scaling) {
        return switch (this) {
            case Keys(var bias) -> scaling.softcap() > 0 ? softcapped(q_BHND, read, bias, scaling)
                    : Attention.attend(q_BHND, read.keys(), read.values(), bias, scaling.scale());
            case Causal() -> scaling.softcap() > 0 ? softcapped(q_BHND, read, triangle(q_BHND), scaling)
                    : Attention.causal(q_BHND, read.keys(), read.values(), scaling.scale());
            case Biased(var bias) -> scaling.softcap() > 0 ? softcapped(q_BHND, read, bias, scaling)
                    : Attention.masked(q_BHND, read.keys(), read.values(), bias, scaling.scale());
        };
    }

    private static Tensor softcapped(Tensor q_BHND, KeyValues read, @Nullable Tensor bias, ScoreScaling scaling) {
        return TensorScope
                .scoped(() -> Attention.softcapped(q_BHND, read.keys(), read.values(), bias, scaling.scale(), scaling.softcap()));
    }

    private static Tensor triangle(Tensor q_BHTD) {
        return Tensor.full(Double.NEGATIVE_INFINITY, q_BHTD.dtype(), q_BHTD.size(2), q_BHTD.size(2)).triu(1).to(q_BHTD.device());
    }
}
