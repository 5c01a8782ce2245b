package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// Patchify and unpatchify, latents to tokens and back: squares of p × p pixels, row by row. A side that p does not divide loses its last
/// pixels.
///
/// @param weight_OIPP a convolution's kernel with stride p, which is a linear layer over patches
/// @param table (1, side², C) of sine/cosine positions, null with rotary ones
public record PatchEmbedding(Tensor weight_OIPP, Tensor bias_O, @Nullable Tensor table, int patch) {
    static PatchEmbedding of(DiTConfig config, Weights weights) {
        var proj = weights.in("proj");
        return new PatchEmbedding(
                proj.get("weight", Init.XAVIER, config.width(), config.inChannels(), config.patch(), config.patch()),
                proj.get("bias", Init.ZEROS, config.width()),
                table(config, weights), config.patch());
    }

    private static @Nullable Tensor table(DiTConfig config, Weights weights) {
        return switch (config.positions()) {
            case ImagePositions.Absolute(var side, var sampleSize) -> {
                try (var _ = TensorScope.open()) {
                    yield weights.buffer("pos_embed", SineTable.of(config.width(), side, sampleSize / config.patch()));
                }
            }
            case ImagePositions.Rope1d() -> null;
            case ImagePositions.Rope2d() -> null;
            case ImagePositions.MRope() -> null;
        };
    }

    /// (B, channels, height, width) → (B, N, C)
    public Tensor apply(Tensor latents) {
        return TensorScope.scoped(() -> {
            long batch = latents.size(0), channels = latents.size(1), rows = latents.size(2) / patch, columns = latents.size(3) / patch;
            var whole = latents.narrow(2, 0, rows * patch).narrow(3, 0, columns * patch);
            var patches = whole.reshape(batch, channels, rows, patch, columns, patch).permute(0, 2, 4, 1, 3, 5)
                    .reshape(batch, rows * columns, channels * patch * patch);
            var tokens = new Linear(weight_OIPP.flatten(1, 3), bias_O).apply(patches);
            return table == null ? tokens : tokens.add(crop(table, rows, columns).to(tokens.dtype()));
        });
    }

    /// The middle of a table (1, side², C), as (1, rows · columns, C).
    public static Tensor crop(Tensor table, long rows, long columns) {
        var side = Math.round(Math.sqrt(table.size(1)));
        checkArgument(rows <= side && columns <= side, "%s × %s patches do not fit the position table of %s × %s", rows, columns, side,
                side);
        return table.view(side, side, -1).narrow(0, (side - rows) / 2, rows).narrow(1, (side - columns) / 2, columns).reshape(1,
                rows * columns, -1);
    }

    /// (B, N, p·p·channels), channels innermost → (B, channels, height, width)
    public static Tensor unpatchify(Tensor tokens, long rows, long columns, int patch) {
        return TensorScope.scoped(() -> {
            var batch = tokens.size(0);
            return tokens.reshape(batch, rows, columns, patch, patch, -1).permute(0, 5, 1, 3, 2, 4).reshape(batch, -1, rows * patch,
                    columns * patch);
        });
    }
}
