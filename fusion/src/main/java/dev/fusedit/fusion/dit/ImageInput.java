package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Tensor;
import org.jspecify.annotations.Nullable;

/// What the image side is asked.
///
/// @param latents (B, channels, height, width)
/// @param timesteps_B noise levels, 0 to 1000
/// @param pooled_BX a pooled text, if the model takes one
public record ImageInput(Tensor latents, Tensor timesteps_B, TextKvCache text, @Nullable Tensor pooled_BX, ForwardOptions options) {
    public ImageInput {
        checkArgument(latents.size(0) == text.batch(), "%s latents, %s prompts", latents.size(0), text.batch());
        checkArgument(options.textMasked() == null || options.textMasked().length == text.batch(),
                "%s flags of text-masked samples, %s prompts",
                options.textMasked() == null ? 0 : options.textMasked().length, text.batch());
    }

    /// For models that take no pooled text.
    ImageInput withoutPooled() { return new ImageInput(latents, timesteps_B, text, null, options); }
}
