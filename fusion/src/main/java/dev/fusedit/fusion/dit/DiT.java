package dev.fusedit.fusion.dit;

import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.RotaryEmbedding;
import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a diffusion transformer is beside its layers: patches in, the noise level, patches out. [Backbone] has the layers.
///
/// @param time null where the noise level is not told
/// @param detail null without a detail head
public record DiT(DiTConfig config, PatchEmbedding patches, @Nullable TimeEmbedding time, FinalLayer last, @Nullable DetailHead detail) {
    public static DiT of(DiTConfig config, BlockText text, Weights weights) {
        // part of every saved model that has a width for it, though only a timed fused one reads it
        var pooled = config.pooledText() > 0 ? TimeEmbedding.pooled(config, weights) : null;
        var read = switch (text) {
            case BlockText.FromLayers _ -> pooled;
            case BlockText.Projected _ -> null;
            case BlockText.Stream() -> null;
        };
        var time = config.time().isTold() ? TimeEmbedding.of(config, read, weights) : null;
        var head = config.detailHead();
        return new DiT(config, PatchEmbedding.of(config, weights.in("patch_embed")), time, FinalLayer.of(config, weights),
                head == null ? null : DetailHead.of(config, head, weights.in("detail_head")));
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
            var x = switch (config.time()) {
                case TimeConditioning.AdaLnZero() -> x_BNC;
                case TimeConditioning.AdaLnSingle() -> x_BNC;
                case TimeConditioning.Addition() -> x_BNC.add(Objects.requireNonNull(time).time_BC().unsqueeze(1));
                case TimeConditioning.None() -> x_BNC;
            };
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

    /// [#rotaryEmbedding] as layers take it.
    @Nullable
    RotaryTable rotary(Tensor latents, int[] starts, Tensor x) {
        var rotaryEmbedding = rotaryEmbedding(latents, starts);
        return rotaryEmbedding == null ? null : rotaryEmbedding.as(x.dtype());
    }

    /// What [#leave] needs to know of the noisy images.
    Leaving leaving(ImageInput input) {
        return TensorScope.scoped(() -> new Leaving(grid(input.latents()),
                detail == null ? null : detail.beside(input.latents(), input.timesteps_B(), config.time())));
    }

    /// The last layer, then tokens as latents, then the detail head.
    Tensor leave(Ops ops, Tensor x_BNC, TimeEmbedding.@Nullable State time, Leaving by, ForwardHooks hooks) {
        return TensorScope.scoped(() -> {
            var grid = by.grid;
            var predicted = ops.map(last.forward(ops, x_BNC, time, hooks),
                    out -> PatchEmbedding.unpatchify(out, grid.rows, grid.columns, config.patch()).to(grid.dtype));
            if (detail == null) return predicted;
            var detailed = detail.forward(ops, predicted, Objects.requireNonNull(by.beside));
            hooks.see("detail_head", detailed);
            return detailed;
        });
    }

    /// What the two ends take of all tokens of a batch. What is computed once an image, of the noise level, is left out: a thousandth of the whole.
    ///
    /// @param learns whether a gradient flows to what the last layer reads
    void count(CountingOps ops, long tokens, boolean learns) {
        ops.count().add(patches.weight_OIPP(), tokens, false); // images have no gradient
        ops.count().add(last.proj().weight_OI(), tokens, true);
        if (detail != null) {
            detail.count(ops, learns || last.proj().weight_OI().requiresGrad(), tokens * config.patch() * config.patch());
        }
    }

    /// What the way out needs beside tokens.
    ///
    /// @param beside what the detail head reads beside the prediction; null without one
    record Leaving(Grid grid, @Nullable Tensor beside) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.ofNullable(beside); }
    }

    /// How an image's tokens lie.
    ///
    /// @param dtype of the latents
    record Grid(long rows, long columns, DType dtype) {}

    private Grid grid(Tensor latents) {
        return new Grid(latents.size(2) / config.patch(), latents.size(3) / config.patch(), latents.dtype());
    }
}
