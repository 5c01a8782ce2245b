package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tape;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The paper's baseline: a diffusion transformer whose blocks all read one hidden state of a language model (section 3.1).
///
/// Notable: the text's keys and values depend on neither noise nor time here either, so they too are made once a caption. Image
/// positions begin at 0, whatever the prompt's length.
///
/// @param encoder the language model, with weights of its own
public record TextDiT(TextDiTConfig config, LanguageModel encoder, RmsNorm contextNorm, Linear context, DiT dit, List<FuseLayer> layers,
        GradientMask mask) implements ImageModel {
    public static TextDiT of(TextDiTConfig config, Weights weights, LanguageModel encoder) {
        var image = config.image();
        // In cross-attention the projections read the language model's width, though they are given the image's: the two must agree.
        var projected = config.fusion() instanceof Fusion.CrossAttention ? config.textWidth() : image.width();
        var dit = DiT.of(image, new BlockText.Projected(config.fusion(), projected), weights);
        var embedder = weights.in("context_embedder");
        return new TextDiT(config, encoder,
                RmsNorm.of(embedder.in("0"), config.textWidth(), image.normEps()),
                Linear.of(embedder.in("1"), Init.normal(image.initRange()), config.textWidth(), image.width(), true),
                dit, IntStream.range(0, image.layers())
                        .mapToObj(i -> new FuseLayer(i, null, dit.blocks().get(i), config.fusion(), AttentionScoring.PLAIN)).toList(),
                GradientMask.NONE);
    }

    @Override
    public TextDiT masked(GradientMask other) { return new TextDiT(config, encoder, contextNorm, context, dit, layers, other); }

    @Override
    public TextKvCache text(Prompt given, boolean withOutput, ForwardHooks hooks, Tape tape) {
        var prompt = encoder.bucketed(given);
        return TensorScope.scoped(() -> {
            var gates = tape.hold(mask.over(prompt, encoder.embedding_VM()));
            var states = encoder.hiddenStates(prompt, gates::ofText, ForwardHooks.NONE, tape);
            for (int i = 0; i < states.size(); i++) {
                hooks.see("text.hidden_states." + i, states.get(i));
            }
            var selected = states.get(Math.floorMod(config.hiddenState(), states.size()));
            hooks.see("text.selected", selected);
            return state(prompt, tape.fork(selected), gates, withOutput ? states.getLast() : null);
        });
    }

    private TextKvCache state(Prompt prompt, Tensor selected, GradientMask.Gates gates, @Nullable Tensor output) {
        var contexts = new HashMap<Double, Tensor>(); // one, unless the mask tells layers apart
        var shared = new ArrayList<@Nullable KeyValues>();
        for (var layer : layers) {
            var gate = gates.text(layer.index());
            var text = contexts.computeIfAbsent(gate.factor(), _ -> context(gate.apply(selected)));
            shared.add(Objects.requireNonNull(layer.image().text()).apply(text, layer.image().kNorm()));
        }
        return new TextKvCache(shared, prompt, new int[prompt.batch()], output);
    }

    private Tensor context(Tensor selected) {
        return context.apply(contextNorm.apply(selected.to(context.weight_OI().dtype())));
    }

    @Override
    public LanguageModel llm() { return encoder; }

    /// The noise level alone conditions: the baseline never reads a pooled text.
    @Override
    public TrainingPass.Image image(ImageInput input, ForwardHooks hooks, Tape tape) {
        var unpooled = new ImageInput(input.latents(), input.timesteps_B(), input.text(), null, input.options());
        return dit.image(layers, config.fusion(), mask.ofImage(), unpooled, hooks, tape);
    }
}
