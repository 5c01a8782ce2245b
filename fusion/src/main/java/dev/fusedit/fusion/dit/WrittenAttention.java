package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.Scores;
import dev.fusedit.nn.Heads;
import dev.fusedit.nn.KeysValues;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Queries over keys and values, by a small graph of its own: libtorch's attention knows its gradient.
final class WrittenAttention {
    private final Tensor q_BHND;
    private final KeysValues all;
    private final Tensor out_BHND;

    /// @param all what is attended to; all three become leaves
    /// @param owner of what is kept
    WrittenAttention(Tensor q_BHND, KeysValues all, Scores scores, @Nullable Tensor bias, TensorScope owner) {
        this.q_BHND = owner.hold(leaf(q_BHND));
        this.all = owner.hold(all.replaced(WrittenAttention::leaf));
        try (var _ = Autograd.withGrad()) {
            out_BHND = owner.hold(scores.attend(this.q_BHND, this.all, bias));
        }
    }

    private static Tensor leaf(Tensor made) { return made.detach().requiresGrad(true); }

    /// (B, N, H·D)
    Tensor merged() { return Heads.merge(out_BHND.detach()); }

    /// @param queries (B, H, N, D)
    record Gradient(Tensor queries, KeysValues all) {}

    /// @param merged_BNX of [#merged]
    Gradient backward(Tensor merged_BNX) {
        List<@Nullable Tensor> found;
        try (var _ = Autograd.withGrad()) {
            found = Autograd.grad(out_BHND, Heads.split(merged_BNX, q_BHND.size(1)), List.of(q_BHND, all.keys(), all.values()));
        }
        return new Gradient(Objects.requireNonNull(found.get(0)),
                new KeysValues(Objects.requireNonNull(found.get(1)), Objects.requireNonNull(found.get(2))));
    }

    /// Adds the gradients of keys and values that somebody else made, if he wants them.
    static void teach(@Nullable KeysValues theirs, KeysValues gradients) {
        if (theirs == null) {
            return;
        }
        if (theirs.keys().requiresGrad()) {
            Autograd.accumulate(theirs.keys(), gradients.keys());
        }
        if (theirs.values().requiresGrad()) {
            Autograd.accumulate(theirs.values(), gradients.values());
        }
    }
}
