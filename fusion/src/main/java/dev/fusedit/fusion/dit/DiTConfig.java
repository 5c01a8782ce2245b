package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.nn.Activation;
import org.jspecify.annotations.Nullable;

/// Shape of the image side. Made by [#beside], or from another one by [#toBuilder]. Heads and activation are the language model's, so that
/// layers of both can be fused.
///
/// @param width C, of the image tokens
/// @param intermediate inner width of the MLP
/// @param layers blocks
/// @param heads attention heads, the language model's number
/// @param kvHeads key/value heads, the language model's number
/// @param headDim width of a head, the language model's
/// @param patch side of a patch in latent pixels
/// @param inChannels channels of the latent (3 for pixels)
/// @param outChannels channels of the prediction, in every published model those of the latent
/// @param positions how image tokens know their place
/// @param time how the noise level reaches the blocks
/// @param qkNorm whether queries and keys of the image are normed
/// @param sandwichNorm whether attention's and the MLP's outputs are normed too
/// @param pooledText width of the pooled text that joins the time embedding, 0 for none
/// @param ropeTheta base of rotary positions, the language model's
/// @param normEps added to the mean square in norms, the language model's
/// @param initRange deviation of new embedders' weights
/// @param attentionBias whether the projections of attention have biases
/// @param activation of the MLP, the language model's
/// @param detailHead convolutions after the last layer; null for none
public record DiTConfig(int width, int intermediate, int layers, int heads, int kvHeads, int headDim, int patch, int inChannels,
        int outChannels, ImagePositions positions, TimeConditioning time, boolean qkNorm, boolean sandwichNorm, int pooledText,
        double ropeTheta, double normEps, double initRange, boolean attentionBias, Activation activation,
        @Nullable DetailHeadConfig detailHead) {
    public DiTConfig {
        checkArgument(width > 0 && intermediate > 0 && layers > 0, "width, intermediate and layers must be positive, got %s, %s, %s", width,
                intermediate, layers);
        checkArgument(kvHeads > 0 && heads > 0 && heads % kvHeads == 0, "heads (%s) must be a multiple of key/value heads (%s)", heads,
                kvHeads);
        checkArgument(headDim > 0 && headDim % 2 == 0, "the head width must be even, got %s", headDim);
        checkArgument(patch > 0 && inChannels > 0 && outChannels > 0, "patch and channels must be positive, got %s, %s, %s", patch,
                inChannels, outChannels);
        Bound.WIDTH.check("width", width);
        Bound.WIDTH.check("intermediate", intermediate);
        Bound.LAYERS.check("layers", layers);
        Bound.HEADS.check("heads", heads);
        Bound.WIDTH.check("heads times the head width", Math.multiplyFull(heads, headDim));
        Bound.SIDE.check("patch", patch);
        Bound.CHANNELS.check("channels", Math.max(inChannels, outChannels));
        Bound.WIDTH.check("patch squared times channels",
                Math.multiplyExact(Math.multiplyFull(patch, patch), (long) Math.max(inChannels, outChannels)));
        Bound.WIDTH.checkOrNone("the pooled text's width", Math.max(0, pooledText));
        checkArgument(pooledText >= 0, "the pooled text's width must not be negative, got %s", pooledText);
        switch (positions) {
            case ImagePositions.Absolute _ ->
                    checkArgument(width % 4 == 0, "sine/cosine positions need a width that 4 divides, got %s", width);
            case ImagePositions.Rope1d() -> {}
            case ImagePositions.Rope2d() -> checkArgument(headDim % 4 == 0, "2d-rope needs a head width that 4 divides, got %s", headDim);
            case ImagePositions.MRope() -> {}
        }
    }

    /// An image side like a language model, with its width, heads, MLP, eps of norms, rotary base, biases and deviation of new weights; with
    /// patches of 2, without the norms that are a choice, and without pooled text.
    ///
    /// @return on which `layers` and `channels` are to be set, and what else differs
    public static DiTConfigBuilder beside(LanguageModelConfig text, ImagePositions positions, TimeConditioning time) {
        return new DiTConfigBuilder(text, positions, time);
    }

    /// This one, to be changed.
    public DiTConfigBuilder toBuilder() { return new DiTConfigBuilder(this); }
}
