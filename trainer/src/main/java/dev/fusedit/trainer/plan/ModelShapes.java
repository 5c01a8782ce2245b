package dev.fusedit.trainer.plan;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.fusion.vae.KnownAutoencoders;
import dev.fusedit.fusion.vision.ClipTextModel;
import dev.fusedit.fusion.vision.KnownClipTexts;
import dev.fusedit.nn.Weights;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.recipe.Model;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// All shapes of a recipe's model and of what stands frozen beside it.
///
/// @param model of the language model, the image side, and the heads that alignment losses learn
/// @param heads those that each stage uses, by its name
/// @param buffers values that are computed and belong to the model, as tables of positions
/// @param vae of the autoencoder, empty without one; so is clip
record ModelShapes(ImageModelConfig config, List<ParameterShape> model, Map<String, List<ParameterShape>> heads, long buffers,
        @Nullable AutoencoderConfig autoencoder, List<ParameterShape> vae,
        List<ParameterShape> clip) {
    static ModelShapes of(Recipe recipe) {
        var model = recipe.model();
        var config = RecipeModelConfigs.of(recipe);
        try (var weights = Weights.shapes().adapted(model.adapted())) {
            config.build(weights);
            weights.requireTargets();
            var shapes = shapes(weights);
            var heads = HeadShapes.of(recipe.stages(), config.image().width(), config.text().hidden());
            var whole =
                    ImmutableList.<ParameterShape>builder().addAll(shapes)
                            .addAll(heads.values().stream().flatMap(List::stream).distinct().toList())
                            .build();
            long all = weights.state().values().stream().mapToLong(tensor -> tensor.numel()).sum();
            return new ModelShapes(config, whole, heads, all - count(shapes), autoencoder(model), vae(model), clip(model));
        }
    }

    static @Nullable AutoencoderConfig autoencoder(Model model) {
        return model.vae() == null ? null : KnownAutoencoders.find(model.vae()).orElseThrow();
    }

    private static List<ParameterShape> vae(Model model) {
        var sizes = autoencoder(model);
        return sizes == null ? List.of() : shapes(weights -> AutoencoderKL.of(sizes, weights));
    }

    private static List<ParameterShape> clip(Model model) {
        if (model.clip() == null) return List.of();
        var sizes = KnownClipTexts.find(model.clip()).orElseThrow();
        return shapes(weights -> ClipTextModel.of(sizes, weights));
    }

    static List<ParameterShape> shapes(Consumer<Weights> build) {
        try (var weights = Weights.shapes()) {
            build.accept(weights);
            return shapes(weights);
        }
    }

    private static List<ParameterShape> shapes(Weights weights) {
        return weights.all().map(parameter -> ParameterShape.of(parameter.name(), parameter.master().shape()))
                .collect(ImmutableList.toImmutableList());
    }

    static long count(List<ParameterShape> shapes) { return shapes.stream().mapToLong(ParameterShape::count).sum(); }
}
