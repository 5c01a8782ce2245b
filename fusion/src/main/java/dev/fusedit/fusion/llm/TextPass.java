package dev.fusedit.fusion.llm;

import dev.fusedit.nn.GradientGate;
import dev.fusedit.nn.Rotation.Turn;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.Tensors;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/// What all layers need of a batch of prompts: positions and masks, made once.
///
/// @param global rotary positions
/// @param local those of layers with a window; the same where the family makes no difference
/// @param causal sees all tokens before
/// @param windowed sees the last few
/// @param gates by a layer's index, what of the gradients of its attention passes into its keys and values
public record TextPass(Turn global, Turn local, TextMask causal, TextMask windowed, Windows windows, IntFunction<GradientGate> gates)
        implements Tensors {
    static TextPass of(LanguageModel model, Prompt prompt, Tensor x_BTM) {
        var dtype = x_BTM.dtype();
        var device = x_BTM.device();
        var windows = model.config().family().windows();
        var global = model.rotation(prompt, device).as(dtype);
        var local = model.config().family() instanceof Family.Gemma3 ? model.localRotation(prompt, device).as(dtype) : global;
        var causal = TextMask.of(prompt, dtype, device);
        var windowed = windows.layers().isEmpty() ? causal : TextMask.windowed(prompt, windows.size(), dtype, device);
        return new TextPass(global, local, causal, windowed, windows, _ -> GradientGate.OPEN);
    }

    @Override
    public Stream<Tensor> tensors() {
        return Stream.of(global, local, causal, windowed).flatMap(Tensors::tensors).distinct();
    }

    /// With other gates.
    public TextPass gated(IntFunction<GradientGate> others) { return new TextPass(global, local, causal, windowed, windows, others); }

    /// A layer's rotary positions.
    public Turn turn(DecoderLayer layer) { return windows.has(layer.index()) ? local : global; }

    /// What a token sees in a layer of the family's own.
    public TextMask mask(DecoderLayer layer) { return windows.has(layer.index()) ? windowed : causal; }

    /// What of its own attention's gradients a layer's keys and values get.
    public GradientGate gate(DecoderLayer layer) { return gates.apply(layer.index()); }
}
