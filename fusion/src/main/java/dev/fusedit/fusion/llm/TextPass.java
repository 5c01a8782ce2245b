package dev.fusedit.fusion.llm;

import dev.fusedit.nn.Rotation.Turn;
import dev.fusedit.torch.Tensor;

/// What all layers need of a batch of prompts: positions and masks, made once.
///
/// @param global rotary positions
/// @param local those of layers with a window; the same where the family makes no difference
/// @param causal sees all tokens before
/// @param windowed sees the last few
public record TextPass(Turn global, Turn local, TextMask causal, TextMask windowed, Windows windows) {
    static TextPass of(LanguageModel model, Prompt prompt, Tensor x_BTM) {
        var dtype = x_BTM.dtype();
        var device = x_BTM.device();
        var windows = model.config().family().windows();
        var global = model.rotation(prompt, device).as(dtype);
        var local = model.config().family() instanceof Family.Gemma3 ? model.localRotation(prompt, device).as(dtype) : global;
        var causal = TextMask.of(prompt, dtype, device);
        var windowed = windows.layers().isEmpty() ? causal : TextMask.windowed(prompt, windows.size(), dtype, device);
        return new TextPass(global, local, causal, windowed, windows);
    }

    /// A layer's rotary positions.
    public Turn turn(DecoderLayer layer) { return windows.has(layer.index()) ? local : global; }

    /// What a token sees in a layer of the family's own.
    public TextMask mask(DecoderLayer layer) { return windows.has(layer.index()) ? windowed : causal; }
}
