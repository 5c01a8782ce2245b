package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.GradientGate;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.stream.Stream;

/// A language model as a text encoder: one of its hidden states, brought to the image side's width,
///
///     c ← W norm(h) + b
///
/// @param hiddenState which, counted from the embeddings; negative ones from the final normed state
/// @param context W and b: the image side's, as the norm is
public record TextEncoder(LanguageModel llm, int hiddenState, RmsNorm norm, Linear context) {
    /// @param textWidth of the hidden states
    /// @param image the image side's weights
    static TextEncoder of(ShallowModelConfig config, int textWidth, Weights image, LanguageModel llm) {
        var embedder = image.in("context_embedder");
        return new TextEncoder(llm, config.hiddenState(), RmsNorm.of(embedder.in("0"), textWidth, config.image().normEps()),
                Linear.of(embedder.in("1"), Init.normal(config.image().initRange()), textWidth, config.image().width(), true));
    }

    /// @param selected_BTM the hidden state that is read
    /// @param last_BTM the final normed one
    record States(Tensor selected_BTM, Tensor last_BTM) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(selected_BTM, last_BTM).distinct(); }
    }

    /// @param prompt in rows of equal length
    /// @param gates what of the gradients passes into the language model's keys and values
    States states(Prompt prompt, GradientMask.Gates gates, ForwardHooks hooks, Ops ops) {
        var states = llm.hiddenStates(prompt, gates::ofText, ForwardHooks.NONE, ops);
        for (int i = 0; i < states.size(); i++) {
            hooks.see("text.hidden_states." + i, states.get(i));
        }
        var selected = states.get(Math.floorMod(hiddenState, states.size()));
        hooks.see("text.selected", selected);
        return new States(selected, states.getLast());
    }

    /// As [ImageModel#planes]: the hidden state that is read, (1, B, 1, T, M).
    Tensor planes(Prompt prompt) {
        return TensorScope.scoped(() -> states(prompt, GradientMask.NONE.over(prompt, llm.like()), ForwardHooks.NONE, Ops.AUTOGRAD)
                .selected_BTM().unsqueeze(1).unsqueeze(0));
    }

    /// The hidden state of [#planes], (B, T, M).
    static Tensor selected(Tensor planes_1B1TM) { return planes_1B1TM.flatten(0, 2); }

    /// c, in the dtype that matrices are multiplied in.
    ///
    /// @param gate what of the gradient passes into the hidden state
    Tensor context(Ops ops, Tensor selected_BTM, GradientGate gate) {
        return ops.segment(selected_BTM, (inner, in) -> {
            var dtype = context.weight_OI().dtype();
            var gated = inner.gate(gate, in);
            return inner.linear(context, inner.norm(norm, gated.dtype() == dtype ? gated : inner.map(gated, x -> x.to(dtype))));
        });
    }
}
