package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.llm.TextPass;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tape;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A diffusion transformer that reads every layer of a language model (Tang et al. 2025, arXiv 2505.10046).
///
/// Notable: text rows are causal and never see the image, so [#text] runs once a caption and [#image] once a noise level. Padding is
/// never computed. With a frozen language model no graph is built for the text, since nothing there requires a gradient.
public record FuseDiT(FuseDiTConfig config, LanguageModel llm, DiT dit, List<FuseLayer> layers, GradientMask mask)
        implements ImageModel {
    public static FuseDiT of(FuseDiTConfig config, Weights weights) {
        var llm = LanguageModel.of(config.attention().of(config.text()), weights.in("llm"));
        var dit = DiT.of(config.image(), new BlockText.FromLayers(config.fusion()), weights.in("dit"));
        var layers = IntStream.range(0, config.image().layers())
                .mapToObj(i -> new FuseLayer(i, config.textLayer(i) < 0 ? null : llm.layers().get(config.textLayer(i)), dit.blocks().get(i),
                        config.fusion(), config.attention()))
                .toList();
        return new FuseDiT(config, llm, dit, layers, GradientMask.NONE);
    }

    @Override
    public FuseDiT masked(GradientMask other) { return new FuseDiT(config, llm, dit, layers, other); }

    // ---- text, once a caption

    /// As [#text(Prompt)], and the language model's own output with it: for training both at once.
    public TextKvCache textWithOutput(Prompt prompt) { return text(prompt, true, ForwardHooks.NONE); }

    @Override
    public TextKvCache text(Prompt given, boolean withOutput, ForwardHooks hooks, Tape tape) {
        var prompt = llm.bucketed(given);
        return TensorScope.scoped(() -> {
            boolean inRows = withOutput || hooks != ForwardHooks.NONE; // somebody sees tokens at their places
            var entered = llm.enter(prompt, inRows, tape);
            var x = entered.x();
            hooks.see("llm.in", x);
            var gates = tape.hold(entered.pass().isPacked() ? mask.overPacked(prompt, x) : mask.over(prompt, x));
            var pass = tape.hold(entered.pass().gated(layer -> gates.ofText(layer - config.initialLayers())));
            var shared = new ArrayList<@Nullable KeyValues>(Collections.nCopies(layers.size(), null));
            var depth = withOutput ? config.text().layers() : config.textDepth();
            for (int i = 0; i < depth; i++) {
                var next = textLayer(i, x, pass, withOutput || i + 1 < depth, shared, tape);
                if (next == null) {
                    break;
                }
                x.free(); // who needs it, the graph or the segments, has it
                x = next;
                hooks.see("llm.layer." + i, x);
            }
            return new TextKvCache(shared, prompt, imageStarts(prompt), withOutput ? llm.norm().apply(x) : null);
        });
    }

    private @Nullable Tensor textLayer(int index, Tensor x, TextPass pass, boolean more, List<@Nullable KeyValues> shared,
            Tape tape) {
        var layer = llm.layers().get(index);
        var block = index - config.initialLayers();
        if (block < 0 || block >= layers.size() || config.textLayer(block) < 0) {
            return tape.segment(x, in -> layer.forward(in, pass));
        }
        var text = tape.segment(x, in -> FuseLayer.text(layer, config.fusion(), config.attention(), in, pass, more));
        shared.set(block, text.shared());
        return text.x_BTM();
    }

    /// In a shared attention the image's rotary positions follow the text's; alone they begin at 0.
    public int[] imageStarts(Prompt prompt) {
        return switch (config.fusion()) {
            case Fusion.JointSelfAttention() -> prompt.lengths_B();
            case Fusion.CrossAttention() -> new int[prompt.batch()];
        };
    }

    // ---- image, once a noise level

    @Override
    public TrainingPass.Image image(ImageInput input, ForwardHooks hooks, Tape tape) {
        return dit.image(layers, config.fusion(), mask, input, hooks, tape);
    }
}
