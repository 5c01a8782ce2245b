package dev.fusedit.trainer.data.stored;

import org.jspecify.annotations.Nullable;

/// What is stored of an image as it is shown.
///
/// @param latents moments of an autoencoder's posterior, (2 · channels, height, width); null if they are to be computed
/// @param features of a vision encoder, (tokens, width); null likewise
public record StoredImage(@Nullable StoredRow latents, @Nullable StoredRow features) {
    public static final StoredImage NONE = new StoredImage(null, null);
}
