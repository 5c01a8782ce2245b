package dev.fusedit.nn;

import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Buckets;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
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

    /// As [Causal] within its own prompt, where prompts lie one behind the other in one row. Padding behind the last one gets zeros.
    ///
    /// A prompt's attention is computed for its length rounded up ([Buckets]), over what happens to follow: a causal row never meets what comes
    /// after it, and rows behind the prompt's own are dropped.
    ///
    /// @param lengths of the prompts
    record Packed(List<Integer> lengths) implements AttentionMask {
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
            case Packed(_) -> true;
            case Biased(_) -> true;
        };
    }

    /// Which share of all pairs of queries and keys is needed; what a bias takes away counts as needed, since it is computed.
    default double share(long queries, long keys) {
        return switch (this) {
            case Keys(_) -> 1;
            case Causal() -> (queries + 1) / (2.0 * keys);
            case Packed(var lengths) ->
                    lengths.stream().mapToDouble(length -> length * (length + 1) / 2.0).sum() / ((double) queries * keys);
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
            case Packed(var lengths) -> each(lengths, q_BHND, read, scaling);
        };
    }

    private static Tensor softcapped(Tensor q_BHND, KeyValues read, @Nullable Tensor bias, ScoreScaling scaling) {
        return TensorScope
                .scoped(() -> Attention.softcapped(q_BHND, read.keys(), read.values(), bias, scaling.scale(), scaling.softcap()));
    }

    private static Tensor triangle(Tensor q_BHTD) {
        return Tensor.full(Double.NEGATIVE_INFINITY, q_BHTD.dtype(), q_BHTD.size(2), q_BHTD.size(2)).triu(1).to(q_BHTD.device());
    }

    private static Tensor each(List<Integer> lengths, Tensor q_BHTD, KeyValues own, ScoreScaling scaling) {
        return TensorScope.scoped(() -> {
            var outs = new ArrayList<Tensor>();
            int first = 0;
            for (int length : lengths) {
                if (length > 0) {
                    int rows = Buckets.up(length, q_BHTD);
                    outs.add(new Causal().attend(q_BHTD.narrow(2, first, rows), own.narrow(first, rows), scaling).narrow(2, 0, length));
                }
                first += length;
            }
            if (first < q_BHTD.size(2)) {
                outs.add(Tensor.zeros(q_BHTD.dtype(), q_BHTD.device(), 1, q_BHTD.size(1), q_BHTD.size(2) - first, own.values().size(3)));
            }
            return Tensor.cat(2, outs);
        });
    }
}
