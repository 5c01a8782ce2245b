package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.config.Named;

/// How the noise level reaches the layers (paper, section 4.3).
public sealed interface TimeConditioning {
    /// adaLN-zero: a linear layer of its own in every block makes shift, scale and gate (Peebles and Xie 2023).
    @Named("adaln-zero")
    record AdaLnZero() implements TimeConditioning {}

    /// adaLN-single: one linear layer for all blocks, plus a table in each (PixArt-α, Chen et al. 2023).
    @Named("adaln-single")
    record AdaLnSingle() implements TimeConditioning {}

    /// Added to every image token once.
    record Addition() implements TimeConditioning {}

    /// Not at all: the noisy image shows it.
    record None() implements TimeConditioning {}

    /// Whether the noise level is told, so that there is a time embedding.
    default boolean isTold() {
        return switch (this) {
            case AdaLnZero() -> true;
            case AdaLnSingle() -> true;
            case Addition() -> true;
            case None() -> false;
        };
    }

    /// Whether a norm's weights lie one level deeper, beside those of a linear layer.
    default boolean splitsNorms() {
        return switch (this) {
            case AdaLnZero() -> true;
            case AdaLnSingle() -> false;
            case Addition() -> false;
            case None() -> false;
        };
    }
}
