package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.ScoreScaling;
import dev.fusedit.nn.GradientGate;
import dev.fusedit.nn.Heads;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.MatmulAttention;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Queries over keys and values: where libtorch's attention is the faster one, by a small graph of its own.
sealed interface AttentionBackward {
    /// @param all what is attended to
    /// @param owner of what is kept
    static AttentionBackward of(Tensor q_BHND, KeyValues all, ScoreScaling scaling, @Nullable Tensor bias, TensorScope owner) {
        return scaling.softcap() == 0 && Attention.customBackward(q_BHND)
                ? new Custom(MatmulAttention.of(q_BHND, all.keys(), all.values(), bias, scaling.scale(), owner))
                : new ByAutograd(q_BHND, all, scaling, bias, owner);
    }

    /// (B, N, H·D)
    Tensor merged();

    /// @param queries (B, H, N, D)
    record Gradient(Tensor queries, KeyValues all) {}

    /// @param merged_BNX of [#merged]
    Gradient backward(Tensor merged_BNX);

    record Custom(MatmulAttention attention) implements AttentionBackward {
        @Override
        public Tensor merged() { return Heads.merge(attention.out_BHND()); }

        @Override
        public Gradient backward(Tensor merged_BNX) {
            var found = attention.backward(Heads.split(merged_BNX, attention.out_BHND().size(1)));
            return new Gradient(found.q_BHND(), new KeyValues(found.k_BKLD(), found.v_BKLD()));
        }
    }

    /// libtorch's attention knows its gradient.
    final class ByAutograd implements AttentionBackward {
        private final Tensor q_BHND;
        private final KeyValues all;
        private final Tensor out_BHND;

        ByAutograd(Tensor q_BHND, KeyValues all, ScoreScaling scaling, @Nullable Tensor bias, TensorScope owner) {
            this.q_BHND = owner.hold(leaf(q_BHND));
            this.all = owner.hold(all.replaced(ByAutograd::leaf));
            try (var _ = Autograd.withGrad()) {
                out_BHND = owner.hold(scaling.attend(this.q_BHND, this.all, bias));
            }
        }

        private static Tensor leaf(Tensor made) { return made.detach().requiresGrad(true); }

        @Override
        public Tensor merged() { return Heads.merge(out_BHND.detach()); }

        @Override
        public Gradient backward(Tensor merged_BNX) {
            List<@Nullable Tensor> found;
            try (var _ = Autograd.withGrad()) {
                found = Autograd.grad(out_BHND, Heads.split(merged_BNX, q_BHND.size(1)), List.of(q_BHND, all.keys(), all.values()));
            }
            return new Gradient(Objects.requireNonNull(found.get(0)),
                    new KeyValues(Objects.requireNonNull(found.get(1)), Objects.requireNonNull(found.get(2))));
        }
    }

    /// Adds the gradients of keys and values that somebody else made, as far as the gate lets them pass, where they require one.
    static void accumulateGrad(@Nullable KeyValues theirs, KeyValues gradients, GradientGate gate) {
        if (theirs == null || theirs.tensors().noneMatch(Tensor::requiresGrad)) {
            return;
        }
        var passed = gate.gradients(gradients);
        if (passed == null) {
            return;
        }
        if (theirs.keys().requiresGrad()) {
            Autograd.accumulate(theirs.keys(), passed.keys());
        }
        if (theirs.values().requiresGrad()) {
            Autograd.accumulate(theirs.values(), passed.values());
        }
    }
}
