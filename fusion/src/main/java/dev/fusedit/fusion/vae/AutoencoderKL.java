package dev.fusedit.fusion.vae;

import java.util.List;
import dev.fusedit.nn.ops.Count;
import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.nn.Conv2d;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.TensorSource;
import java.util.ArrayList;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Images to latents and back (Rombach et al. 2022, "High-resolution image synthesis with latent diffusion models"; diffusers'
/// `AutoencoderKL` and its names of weights).
///
/// Notable: convolutions of stride 2 pad on the right and at the bottom only, so a side's latents are side / 8 rounded down and an odd
/// image comes back smaller; the one attention is at the smallest level; models of 16 channels (SD3, FLUX) have no quant convolutions.
///
/// Images are (B, 3, H, W) in [-1, 1].
///
/// @param quant after the encoder
/// @param postQuant before the decoder
/// @param sliced true to compute one sample of a batch at a time: the memory of one, the same numbers
/// @param tiling how larger images are cut; null never to
public record AutoencoderKL(AutoencoderConfig config, Encoder encoder, Decoder decoder, @Nullable Conv2d quant, @Nullable Conv2d postQuant,
        boolean sliced, @Nullable Tiling tiling) implements LatentSpace {
    private static final Map<String, String> NAMES = Map.of("query", "to_q", "key", "to_k", "value", "to_v", "proj_attn", "to_out.0");
    private static final Pattern OLD_NAME = Pattern.compile("(.*\\.attentions\\.\\d+\\.)(query|key|value|proj_attn)(\\.\\w+)");

    public static AutoencoderKL of(AutoencoderConfig config, Weights weights) {
        int channels = config.latentChannels();
        return new AutoencoderKL(config, Encoder.of(weights.in("encoder"), config), Decoder.of(weights.in("decoder"), config),
                config.quantConv() ? Conv2d.pointwise(weights.in("quant_conv"), 2L * channels, 2L * channels) : null,
                config.postQuantConv() ? Conv2d.pointwise(weights.in("post_quant_conv"), channels, channels) : null, false, null);
    }

    /// A file under today's names. Files of before 2023, as Stable Diffusion 1.5's, name the attention's layers otherwise.
    public static TensorSource named(TensorSource file) {
        return RenamedTensors.of(file, name -> {
            var parts = OLD_NAME.matcher(name);
            return parts.matches() ? parts.group(1) + NAMES.get(parts.group(2)) + parts.group(3) : name;
        });
    }

    /// The same model, computing one sample at a time.
    public AutoencoderKL slicing() { return new AutoencoderKL(config, encoder, decoder, quant, postQuant, true, tiling); }

    /// The same model, computing large images in tiles. For use without gradients.
    public AutoencoderKL tiling(Tiling tiles) { return new AutoencoderKL(config, encoder, decoder, quant, postQuant, sliced, tiles); }

    // ---- image to latents

    /// The matmuls of encoding one image, for a plan.
    ///
    /// @param height in pixels
    public List<Count.Matmul> encodeMatmuls(long height, long width) { return encoder.matmuls(height, width).toList(); }

    /// The latents' distribution, unscaled.
    public Posterior encode(Tensor image_BCHW) { return TensorScope.scoped(() -> Posterior.of(moments(image_BCHW))); }

    /// Means and logarithms of variances, (B, 2 · latent channels, H / factor, W / factor).
    public Tensor moments(Tensor image_BCHW) {
        checkArgument(image_BCHW.rank() == 4 && image_BCHW.size(1) == config.inChannels(), "an image is (B, %s, H, W), got %s",
                config.inChannels(), image_BCHW);
        checkArgument(Math.min(image_BCHW.size(2), image_BCHW.size(3)) >= config.factor(), "an image has sides of %s and more, got %s",
                config.factor(), image_BCHW);
        return each(image_BCHW, this::tiledMoments);
    }

    private Tensor tiledMoments(Tensor image) {
        int factor = config.factor(), height = (int) image.size(2) / factor, width = (int) image.size(3) / factor;
        if (tiling == null || tiling.isOne(height, width)) {
            return moments(image, ForwardHooks.NONE);
        }
        return tiling.join(height, width, 1,
                (y, x) -> TensorScope.scoped(() -> moments(part(part(image, 2, y, factor), 3, x, factor), ForwardHooks.NONE)));
    }

    /// A tile's pixels; the last one has those too that are too few for a latent.
    private static Tensor part(Tensor image, int dim, Tiling.Span span, int factor) {
        return image.slice(dim, (long) span.start() * factor, span.isLast() ? image.size(dim) : (long) span.end() * factor, 1);
    }

    /// As [#moments], of the whole at once.
    public Tensor moments(Tensor image_BCHW, ForwardHooks hooks) {
        return TensorScope.scoped(() -> {
            var encoded = encoder.apply(image_BCHW, hooks);
            return quant == null ? encoded : quant.apply(encoded);
        });
    }

    // ---- latents to image

    /// The image of unscaled latents, (B, 3, factor · height, factor · width). Values may be beyond [-1, 1].
    public Tensor decode(Tensor latents_BCHW) {
        checkArgument(latents_BCHW.rank() == 4 && latents_BCHW.size(1) == config.latentChannels(), "latents are (B, %s, H, W), got %s",
                config.latentChannels(), latents_BCHW);
        return each(latents_BCHW, this::tiledImage);
    }

    private Tensor tiledImage(Tensor latents) {
        int height = (int) latents.size(2), width = (int) latents.size(3);
        if (tiling == null || tiling.isOne(height, width)) {
            return decode(latents, ForwardHooks.NONE);
        }
        return tiling.join(height, width, config.factor(), (y, x) -> TensorScope
                .scoped(() -> decode(latents.narrow(2, y.start(), y.length()).narrow(3, x.start(), x.length()), ForwardHooks.NONE)));
    }

    /// As [#decode], of the whole at once.
    public Tensor decode(Tensor latents_BCHW, ForwardHooks hooks) {
        return TensorScope.scoped(() -> decoder.apply(postQuant == null ? latents_BCHW : postQuant.apply(latents_BCHW), hooks));
    }

    // ---- scale

    /// Latents as diffusion sees them: mean 0, variance 1.
    public Tensor scaled(Tensor latents) { return TensorScope.scoped(() -> latents.sub(config.shiftFactor()).mul(config.scalingFactor())); }

    public Tensor unscaled(Tensor scaled) { return TensorScope.scoped(() -> scaled.div(config.scalingFactor()).add(config.shiftFactor())); }

    // ---- as diffusion's space

    @Override
    public int channels() { return config.latentChannels(); }

    @Override
    public int factor() { return config.factor(); }

    /// One image at a time, since decoding takes far more memory than sampling latents.
    @Override
    public Tensor images(Tensor latents_BCHW) { return TensorScope.scoped(() -> slicing().decode(unscaled(latents_BCHW))); }

    private Tensor each(Tensor batch, UnaryOperator<Tensor> compute) {
        if (!sliced || batch.size(0) <= 1) {
            return compute.apply(batch);
        }
        return TensorScope.scoped(() -> {
            var results = new ArrayList<Tensor>();
            for (long i = 0; i < batch.size(0); i++) {
                results.add(compute.apply(batch.narrow(0, i, 1)));
            }
            return Tensor.cat(0, results);
        });
    }
}
