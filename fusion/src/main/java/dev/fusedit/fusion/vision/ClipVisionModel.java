package dev.fusedit.fusion.vision;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.LayerNorm;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import dev.fusedit.torch.io.TensorSource;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// CLIP's image side with its projection (Radford et al. 2021; transformers' `CLIPVisionModelWithProjection` and its names of weights).
///
/// Notable: the embeddings are normed before the first layer; the state of the class token, normed, stands for the image; images have the
/// one size that positions were learned on.
///
/// @param patches_CIPP without bias
public record ClipVisionModel(ClipVisionConfig config, Tensor class_C, Tensor patches_CIPP, Tensor positions_NC, LayerNorm before,
        List<ClipLayer> layers, LayerNorm after, Linear projection) {
    private static final double INIT_RANGE = 0.02;

    /// @param last_BNC states of the class token and the patches, not normed
    /// @param pooled_BC the normed state of the class token
    /// @param embeds_BO the projected one, not normalised
    public record Output(Tensor last_BNC, Tensor pooled_BC, Tensor embeds_BO) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(last_BNC, pooled_BC, embeds_BO); }
    }

    public static ClipVisionModel of(ClipVisionConfig config, Weights weights) {
        var init = Init.normal(INIT_RANGE);
        var vision = weights.in("vision_model");
        var embeddings = vision.in("embeddings");
        int width = config.hidden();
        return new ClipVisionModel(config, embeddings.get("class_embedding", init, width),
                embeddings.in("patch_embedding").get("weight", init, width, 3, config.patch(), config.patch()),
                embeddings.in("position_embedding").get("weight", init, 1 + (long) config.side() * config.side(), width),
                LayerNorm.of(vision.in("pre_layrnorm"), width, config.normEps()), // spelt so in the files
                IntStream.range(0, config.layers())
                        .mapToObj(i -> ClipLayer.of(width, config.intermediate(), config.heads(), config.normEps(),
                                config.activation(), init, vision.in("encoder.layers." + i)))
                        .toList(),
                LayerNorm.of(vision.in("post_layernorm"), width, config.normEps()),
                Linear.of(weights.in("visual_projection"), init, width, config.projection(), false));
    }

    /// A file without the table of whole numbers 0, 1, … that older ones have, and without a whole CLIP's text side.
    public static TensorSource named(TensorSource file) {
        return RenamedTensors.of(file, name -> name.startsWith("vis") && !name.endsWith(".position_ids") ? name : null);
    }

    /// @param images_BCHW normalised as in training, of the configuration's side
    public Output forward(Tensor images_BCHW) { return forward(images_BCHW, ForwardHooks.NONE); }

    /// @param hooks see `hidden_states.i`: the normed embeddings, then each layer's output
    public Output forward(Tensor images_BCHW, ForwardHooks hooks) {
        checkArgument(images_BCHW.size(2) == config.imageSide() && images_BCHW.size(3) == config.imageSide(),
                "CLIP looks at images of %s x %s, got %s", config.imageSide(), config.imageSide(), images_BCHW);
        return TensorScope.scoped(() -> {
            var x = before.apply(embed(images_BCHW));
            hooks.see("hidden_states.0", x);
            for (int i = 0; i < layers.size(); i++) {
                x = layers.get(i).forward(x, new ClipLayer.Sight.All());
                hooks.see("hidden_states." + (i + 1), x);
            }
            var pooled = after.apply(x.select(1, 0));
            return new Output(x, pooled, projection.apply(pooled));
        });
    }

    private Tensor embed(Tensor images_BCHW) {
        return TensorScope.scoped(() -> {
            var grid_BNC = images_BCHW.to(patches_CIPP.dtype()).conv2d(patches_CIPP, null, config.patch(), 0).flatten(2, 3).transpose(1, 2);
            var first = class_C.expand(images_BCHW.size(0), 1, config.hidden());
            return Tensor.cat(1, first, grid_BNC).add(positions_NC);
        });
    }
}
