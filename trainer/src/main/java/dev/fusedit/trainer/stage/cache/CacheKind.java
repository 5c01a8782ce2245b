package dev.fusedit.trainer.stage.cache;

import java.util.Locale;

/// What is kept.
public enum CacheKind {
    /// Moments of an autoencoder's posterior, for an image as it is shown.
    LATENTS,
    /// Ids of a caption.
    TOKENS,
    /// What a language model makes of ids for the image side.
    TEXT,
    /// Patch features of a vision encoder, for an image as it is shown.
    FEATURES;

    /// As recipes and folders name it.
    public String word() { return name().toLowerCase(Locale.ROOT); }
}
