package dev.fusedit.fusion.flow;

import dev.fusedit.torch.Tensor;

/// Classifier-free guidance (CFG; Ho and Salimans 2022): u + g (c − u) of the unconditional branch u, without the text or with a negative
/// prompt, and the conditional branch c, with the text. It takes two evaluations of the network (NFE).
///
/// Only some noise levels may be guided (Kynkäänniemi et al. 2024, arXiv 2404.07724): at the noisiest ones guidance costs variety, near the
/// image it changes little. Elsewhere there is one pass, with the text.
///
/// @param factor g, diffusers' `guidance_scale`; 1 or less is no guidance
/// @param at levels that are guided
public record Guidance(double factor, NoiseRange at) {
    public static final Guidance NONE = of(1);

    /// At all levels.
    public static Guidance of(double factor) { return new Guidance(factor, NoiseRange.WHOLE); }

    public Guidance at(NoiseRange levels) { return new Guidance(factor, levels); }

    /// Whether any level is guided, and so whether the unconditional branch is needed.
    public boolean isOn() { return factor > 1; }

    /// Whether a level of noise, 0 to 1, is guided.
    public boolean isOn(float sigma) { return isOn() && at.contains(sigma); }

    /// Whether there may be passes with the text alone beside guided ones.
    public boolean isPartial() { return isOn() && !at.equals(NoiseRange.WHOLE); }

    /// The velocity out of both branches'.
    Tensor of(Tensor unconditional, Tensor conditional) { return unconditional.add(conditional.sub(unconditional).mul(factor)); }
}
