package dev.fusedit.fusion.dit;

import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.RotaryEmbedding;
import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tape;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The image side without what it is fused with: patches in, blocks, patches out.
///
/// @param time null where the noise level is not told
public record DiT(DiTConfig config, PatchEmbedding patches, @Nullable TimeEmbedding time, List<DiTBlock> blocks, Norms.Final last) {
    public static DiT of(DiTConfig config, BlockText text, Weights weights) {
        var blocks = IntStream.range(0, config.layers()).mapToObj(i -> DiTBlock.of(config, text, weights.in("layers." + i))).toList();
        var timed = !(config.time() instanceof TimeConditioning.None);
        // part of every saved model that has a width for it, though only a timed fused one reads it
        var pooled = config.pooledText() > 0 ? TimeEmbedding.pooled(config, weights) : null;
        var time = timed ? TimeEmbedding.of(config, text instanceof BlockText.FromLayers ? pooled : null, weights) : null;
        return new DiT(config, PatchEmbedding.of(config, weights.in("patch_embed")), time, blocks,
                Norms.Final.of(config, weights));
    }

    /// What the noise level becomes; null where it is not told.
    TimeEmbedding.@Nullable State time(Tensor timesteps_B, @Nullable Tensor pooled_BX, Tensor x, ForwardHooks hooks) {
        return time == null ? null : time.forward(timesteps_B, pooled_BX, x.dtype(), config.time(), hooks);
    }

    /// Latents as tokens (B, N, C), in the dtype that matrices are multiplied in.
    Tensor enter(Tensor latents, ForwardHooks hooks) {
        return TensorScope.scoped(() -> {
            var x = patches.apply(latents.to(patches.weight_OIPP().dtype()));
            hooks.see("patch_embed", x);
            return x;
        });
    }

    /// With the conditioning "addition", adds the noise level to every token.
    Tensor timed(Tensor x_BNC, TimeEmbedding.@Nullable State time, ForwardHooks hooks) {
        return TensorScope.scoped(() -> {
            var x = config.time() instanceof TimeConditioning.Addition ? x_BNC.add(Objects.requireNonNull(time).time_BC().unsqueeze(1))
                    : x_BNC;
            hooks.see("dit.in", x);
            return x;
        });
    }

    /// Rotary positions of the image's tokens; null with sine/cosine ones.
    public @Nullable RotaryEmbedding rotaryEmbedding(Tensor latents, int[] starts) {
        if (!config.positions().isRotary()) {
            return null;
        }
        int rows = (int) latents.size(2) / config.patch(), columns = (int) latents.size(3) / config.patch();
        return ImageRotaryEmbedding.of(config.positions(), rows, columns, starts, config.headDim(), config.ropeTheta(), latents.device());
    }

    private @Nullable RotaryTable rotary(Tensor latents, int[] starts, Tensor x) {
        var rotaryEmbedding = rotaryEmbedding(latents, starts);
        return rotaryEmbedding == null ? null : rotaryEmbedding.as(x.dtype());
    }

    /// What all blocks need.
    ImagePass pass(Fusion fusion, GradientMask mask, ImageInput input, TimeEmbedding.@Nullable State time, Tensor x_BNC) {
        var text = input.text();
        return new ImagePass(time, rotary(input.latents(), text.imageStarts(), x_BNC),
                TextVisibility.of(fusion, text.prompt(), input.options().textMasked(), x_BNC), mask.over(text.prompt(), x_BNC));
    }

    /// The whole image side over a computed text.
    TrainingPass.Image image(List<FuseLayer> layers, Fusion fusion, GradientMask mask, ImageInput input, ForwardHooks hooks,
            Tape tape) {
        return TensorScope.scoped(() -> {
            var latents = input.latents();
            long rows = latents.size(2) / config.patch(), columns = latents.size(3) / config.patch();
            var dtype = latents.dtype();
            var text = tape.boundary(input.text());
            var entered = enter(latents, hooks);
            var noise = time(input.timesteps_B(), input.pooled_BX(), entered, hooks);
            var state = noise == null ? null : tape.boundary(noise);
            var x = tape.boundary(timed(entered, state, hooks));
            var pass = tape.hold(pass(fusion, mask, input, state, x));
            var features = new LinkedHashMap<Integer, Tensor>();
            for (var layer : layers) {
                var shared = text.blocks().get(layer.index());
                var custom = FuseLayerBackward.of(layer, shared, pass, x);
                var next = custom == null ? tape.segment(x, in -> layer.image(in, shared, pass))
                        : tape.custom(x, custom, in -> layer.image(in, shared, pass));
                x.free(); // who needs it, the graph or the segments, has it
                x = next;
                hooks.see("dit.layer." + layer.index(), x);
                if (input.options().features().contains(layer.index() + 1)) {
                    features.put(layer.index() + 1, x);
                    x = tape.fork(x);
                }
            }
            return new TrainingPass.Image(tape.segment(x, in -> leave(in, state, rows, columns, hooks).to(dtype)), features);
        });
    }

    /// The last norm, then tokens as latents.
    private Tensor leave(Tensor x_BNC, TimeEmbedding.@Nullable State time, long rows, long columns, ForwardHooks hooks) {
        return TensorScope.scoped(() -> {
            var normed = last.normed(x_BNC, time);
            hooks.see("norm_out", normed);
            var out = last.project(normed, time);
            hooks.see("proj_out", out);
            return PatchEmbedding.unpatchify(out, rows, columns, config.patch());
        });
    }
}
