package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.llm.TextPass;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A diffusion transformer that reads every layer of a language model (Tang et al. 2025, arXiv 2505.10046). [FuseLayer] has its equation.
///
/// Notable: text rows are causal and never see the image, so [#text] runs once a caption and [#image] once a noise level. Padding is
/// never computed. Layers that no block reads run as the text's alone ([SharedLayers]). With a frozen language model no graph is built for the text, since nothing there requires a gradient.
///
/// @param llm the language model, of which layers after the last fused one run only for its own output
/// @param backbone the image side
public record FuseDiT(FuseDiTConfig config, LanguageModel llm, Backbone<FuseLayer> backbone) implements ImageModel {
    public static FuseDiT of(FuseDiTConfig config, Weights weights) {
        var llm = LanguageModel.of(config.attention().of(config.text()), weights.in("llm"));
        return new FuseDiT(config, llm, Backbone.of(config.image(), new BlockText.FromLayers(config.fusion()), config.attention(),
                block -> config.textLayer(block) < 0 ? null : llm.layers().get(config.textLayer(block)), weights.in("dit")));
    }

    @Override
    public FuseDiT masked(GradientMask other) { return new FuseDiT(config, llm, backbone.masked(other)); }

    // ---- text, once a caption

    @Override
    public TextKvCache text(Prompt given, boolean withOutput, ForwardHooks hooks, Ops ops) {
        var prompt = llm.bucketed(given);
        return TensorScope.scoped(() -> {
            boolean inRows = withOutput || hooks != ForwardHooks.NONE; // somebody sees tokens at their places
            var entered = llm.enter(prompt, inRows, ops);
            var x = entered.x();
            hooks.see("llm.in", x);
            var gates = ops.hold(entered.pass().isPacked() ? mask().overPacked(prompt, x) : mask().over(prompt, x));
            var pass = ops.hold(entered.pass().gated(layer -> gates.ofText(config.block(layer))));
            var shared = new ArrayList<@Nullable KeyValues>(Collections.nCopies(backbone.layers().size(), null));
            var depth = withOutput ? config.text().layers() : config.textDepth();
            for (int i = 0; i < depth; i++) {
                var next = textLayer(i, x, pass, withOutput || i + 1 < depth, shared, ops);
                if (next == null) {
                    break;
                }
                x.free(); // who needs it has it
                x = next;
                hooks.see("llm.layer." + i, x);
            }
            return new TextKvCache(new TextKvCache.PerBlock(shared), prompt, imageStarts(prompt),
                    withOutput ? ops.segment(x, (inner, in) -> inner.norm(llm.norm(), in)) : null);
        });
    }

    @Override
    public Tensor planes(Prompt prompt) {
        return TensorScope.scoped(() -> Tensor.stack(0, text(prompt).read().tensors().toList()));
    }

    @Override
    public TextKvCache text(Prompt prompt, Tensor planes_PBKTW, Ops ops) {
        var planes = IntStream.range(0, (int) planes_PBKTW.size(0)).mapToObj(i -> planes_PBKTW.narrow(0, i, 1).flatten(0, 1)).iterator();
        var blocks = backbone.layers().stream().<@Nullable KeyValues>map(layer -> layer.text() == null ? null : KeyValues.of(planes::next));
        return new TextKvCache(new TextKvCache.PerBlock(blocks.toList()), prompt, imageStarts(prompt), null);
    }

    @Override
    public TextKvCache.Read readShapes(CountingOps ops, ImageShape shape, boolean learns) {
        var config = backbone.dit().config();
        return new TextKvCache.PerBlock(backbone.layers().stream().<@Nullable KeyValues>map(layer -> layer.text() == null ? null
                : KeyValues
                        .of(() -> ops.input(learns, shape.images(), config.kvHeads(), shape.text(), config.headDim())))
                .toList());
    }

    @Override
    public void countText(CountingOps ops, long texts, long tokens, boolean withOutput) {
        try (var _ = TensorScope.open()) {
            var pass = TextPass.shapes(llm, tokens);
            var x = llm.shapes(ops, texts, tokens);
            var shared = new ArrayList<@Nullable KeyValues>(Collections.nCopies(backbone.layers().size(), null));
            int depth = withOutput ? config.text().layers() : config.textDepth();
            for (int i = 0; i < depth; i++) {
                x = Objects.requireNonNullElse(textLayer(i, x, pass, withOutput || i + 1 < depth, shared, ops), x);
            }
        }
    }

    private @Nullable Tensor textLayer(int index, Tensor x, TextPass pass, boolean more, List<@Nullable KeyValues> shared, Ops ops) {
        var block = config.block(index);
        if (block < 0 || block >= backbone.layers().size() || config.textLayer(block) < 0) {
            var layer = llm.layers().get(index);
            return ops.segment(x, (inner, in) -> layer.forward(inner, in, pass));
        }
        var text = ops.segment(x, (inner, in) -> backbone.layers().get(block).text(inner, in, pass, more));
        shared.set(block, text.shared());
        return text.x_BTM();
    }

    // ---- image, once a noise level

    @Override
    public int[] imageStarts(Prompt prompt) { return config.fusion().imageStarts(prompt); }

    @Override
    public ImageOutput image(ImageInput input, ForwardHooks hooks, Ops ops) { return backbone.image(input, hooks, ops); }

    /// Its configuration; the weights are long.
    @Override
    public String toString() { return "FuseDiT[" + config + "]"; }
}
