package dev.fusedit.fusion.llm;

import dev.fusedit.nn.AttentionMask;
import dev.fusedit.nn.GradientGate;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.PackedRows;
import dev.fusedit.nn.ScoreScaling;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What all layers need of a batch of prompts: positions and masks, made once.
///
/// @param global rotary positions
/// @param local those of layers with a window; the same where the family makes no difference
/// @param causal sees all tokens before
/// @param windowed sees the last few
/// @param gates by a layer's index, what of the gradients of its attention passes into its keys and values
/// @param packed where the tokens of packed prompts lie; null where layers see rows of equal length
public record TextPass(RotaryTable global, RotaryTable local, AttentionMask causal, AttentionMask windowed, Windows windows,
        IntFunction<GradientGate> gates,
        @Nullable PackedRows packed) implements Tensors {
    static TextPass of(LanguageModel model, Prompt prompt, Tensor x_BTM) {
        var dtype = x_BTM.dtype();
        var device = x_BTM.device();
        var family = model.config().family();
        var windows = family.windows();
        var global = model.rotaryEmbedding(prompt, device).as(dtype);
        var local = family.windowTheta().stream().mapToObj(theta -> model.rotaryEmbedding(prompt, theta, device).as(dtype)).findFirst()
                .orElse(global);
        var causal = TextMask.of(prompt, dtype, device);
        var windowed = windows.layers().isEmpty() ? causal : TextMask.windowed(prompt, windows.size(), dtype, device);
        return new TextPass(global, local, causal, windowed, windows, _ -> GradientGate.OPEN, null);
    }

    /// For layers without windows to mind, over the one row that a batch of prompts is packed into.
    static TextPass packed(LanguageModel model, Prompt prompt, Prompt packed, Tensor x_1SM) {
        var plain = of(model, packed, x_1SM);
        return new TextPass(plain.global, plain.local, plain.causal, plain.causal, plain.windows, plain.gates,
                PackedRows.of(prompt.lengths_B(), prompt.tokens(), packed.tokens(), x_1SM.device()));
    }

    /// Without angles and masks, for counting.
    public static TextPass shapes(LanguageModel model, long tokens) {
        var rotary = RotaryTable.shapes(tokens, model.config().headDim());
        var mask = new AttentionMask.Causal();
        return new TextPass(rotary, rotary, mask, mask, model.config().family().windows(), _ -> GradientGate.OPEN, null);
    }

    @Override
    public Stream<Tensor> tensors() {
        var all = Stream.of(global, local, causal, windowed).flatMap(Tensors::tensors).distinct();
        return packed == null ? all : Stream.concat(all, packed.tensors());
    }

    /// With other gates.
    public TextPass gated(IntFunction<GradientGate> others) {
        return new TextPass(global, local, causal, windowed, windows, others, packed);
    }

    /// Whether layers see all prompts in one row.
    public boolean isPacked() { return packed != null; }

    /// Keys and values as an image reads them, (B, K, T, D).
    public KeyValues spread(Ops ops, KeyValues own) { return packed == null ? own : own.replaced(each -> ops.spread(packed, each)); }

    /// Attention within each prompt, heads merged, where layers see tokens.
    Tensor attend(Ops ops, Tensor q_BHND, KeyValues read, ScoreScaling scaling, AttentionMask mask) {
        return packed == null ? ops.attention(q_BHND, read, scaling, mask)
                : TensorScope.scoped(
                        () -> ops.pack(packed, ops.attention(ops.spread(packed, q_BHND), spread(ops, read), scaling, mask)));
    }

    /// A layer's rotary positions.
    public RotaryTable rotary(DecoderLayer layer) { return windows.has(layer.index()) ? local : global; }

    /// What a token sees in a layer of the family's own.
    public AttentionMask mask(DecoderLayer layer) { return windows.has(layer.index()) ? windowed : causal; }

    /// What of its own attention's gradients a layer's keys and values get.
    public GradientGate gate(DecoderLayer layer) { return gates.apply(layer.index()); }
}
