package dev.fusedit.fusion.vision;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.nn.Conv2d;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.LayerNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// DINOv2's encoder of images (Oquab et al. 2023; with registers Darcet et al. 2023; transformers' `Dinov2Model` and
/// `Dinov2WithRegistersModel` and their names of weights).
///
/// Notable: positions are learned on one grid and resized to an image's own by a bicubic filter, antialiased in the models with
/// registers only; registers have no positions and stand between the class token and the patches.
///
/// @param mask_1C what stands for a hidden patch in DINOv2's own training; kept so that files are whole
/// @param positions_1NC the class token's, then the grid's
public record DinoModel(DinoConfig config, Tensor class_11C, Tensor mask_1C, @Nullable Tensor registers_1RC, Tensor positions_1NC,
        Conv2d patches, List<DinoLayer> layers, LayerNorm norm) {
    private static final double INIT_RANGE = 0.02;

    public static DinoModel of(DinoConfig config, Weights weights) { return of(config, INIT_RANGE, weights); }

    /// @param initRange deviation of matrices that are drawn, not read; narrow models want more than the usual 0.02
    public static DinoModel of(DinoConfig config, double initRange, Weights weights) {
        var init = Init.normal(initRange);
        var embeddings = weights.in("embeddings");
        int width = config.hidden();
        return new DinoModel(config, embeddings.get("cls_token", init, 1, 1, width), embeddings.get("mask_token", Init.ZEROS, 1, width),
                config.hasRegisters() ? embeddings.get("register_tokens", Init.ZEROS, 1, config.registers(), width) : null,
                embeddings.get("position_embeddings", init, 1, 1 + (long) config.side() * config.side(), width),
                Conv2d.of(embeddings.in("patch_embeddings.projection"), 3, width, config.patch(), config.patch(), 0),
                IntStream.range(0, config.layers()).mapToObj(i -> DinoLayer.of(config, init, weights.in("encoder.layer." + i))).toList(),
                LayerNorm.of(weights.in("layernorm"), width, config.normEps()));
    }

    /// Normed states of the class token, the registers and the patches, (B, 1 + R + N, C).
    ///
    /// @param images_BCHW normalised as in training; what is beyond the last whole patch is not seen
    public Tensor forward(Tensor images_BCHW) { return forward(images_BCHW, ForwardHooks.NONE); }

    /// @param hooks see `hidden_states.i`: the embeddings, then each layer's output
    public Tensor forward(Tensor images_BCHW, ForwardHooks hooks) { return forward(images_BCHW, null, hooks); }

    /// @param hidden_BN true for patches that are hidden: the mask token takes the place of what they show, and they keep their positions.
    ///        Null for none
    /// @param hooks see `hidden_states.i`: the embeddings, then each layer's output
    public Tensor forward(Tensor images_BCHW, @Nullable Tensor hidden_BN, ForwardHooks hooks) {
        checkArgument(Math.min(images_BCHW.size(2), images_BCHW.size(3)) >= config.patch(),
                "an image has sides of %s and more, got %s",
                config.patch(), images_BCHW);
        return TensorScope.scoped(() -> {
            var x = embed(images_BCHW, hidden_BN);
            hooks.see("hidden_states.0", x);
            for (int i = 0; i < layers.size(); i++) {
                x = layers.get(i).forward(x);
                hooks.see("hidden_states." + (i + 1), x);
            }
            return norm.apply(x);
        });
    }

    /// The patches' states alone, (B, N, C), row by row.
    public Tensor places(Tensor states_BNC) {
        var first = 1 + config.registers();
        return states_BNC.narrow(1, first, states_BNC.size(1) - first);
    }

    private Tensor embed(Tensor images_BCHW, @Nullable Tensor hidden_BN) {
        return TensorScope.scoped(() -> {
            var grid_BCHW = patches.apply(images_BCHW.to(patches.weight_OISS().dtype())); // from here on in what matrices are in
            long batch = grid_BCHW.size(0), width = config.hidden();
            var positions = positions(images_BCHW, grid_BCHW.size(2), grid_BCHW.size(3)).to(grid_BCHW.dtype());
            var shown = grid_BCHW.flatten(2, 3).transpose(1, 2);
            var seen = hidden_BN == null ? shown : hidden_BN.unsqueeze(2).where(mask_1C.to(shown.dtype()), shown);
            var places = seen.add(positions.narrow(1, 1, positions.size(1) - 1));
            var first = class_11C.to(places.dtype()).add(positions.narrow(1, 0, 1)).expand(batch, 1, width);
            return registers_1RC == null ? Tensor.cat(1, first, places)
                    : Tensor.cat(1, first, registers_1RC.to(places.dtype()).expand(batch, config.registers(), width), places);
        });
    }

    /// As learned for a square image of as many patches, else resized in f32.
    private Tensor positions(Tensor images, long rows, long columns) {
        long side = config.side();
        if (rows * columns == side * side && images.size(2) == images.size(3)) {
            return positions_1NC;
        }
        return TensorScope.scoped(() -> {
            var learned = positions_1NC.to(DType.F32);
            var grid_1CHW = learned.narrow(1, 1, side * side).reshape(1, side, side, -1).permute(0, 3, 1, 2);
            var resized = config.hasRegisters()
                    ? Torch.call("aten::_upsample_bicubic2d_aa", "", grid_1CHW, new long[] {rows, columns}, false, null, null).tensor()
                    : grid_1CHW.upsampleBicubic2d(rows, columns);
            return Tensor.cat(1, learned.narrow(1, 0, 1), resized.flatten(2, 3).transpose(1, 2));
        });
    }
}
