package dev.fusedit.trainer.model;

import com.google.common.collect.ImmutableSet;
import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.fusion.dit.DualStreamDiTConfig;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.dit.SharedLayers;
import dev.fusedit.fusion.dit.TextDiTConfig;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.vision.KnownClipTexts;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.Model;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Path;

/// A recipe's model as the models' configuration.
public final class RecipeModelConfigs {
    /// Deviation of the image side's new embedders, whatever the language model's.
    private static final double IMAGE_INIT_RANGE = 0.02;

    private RecipeModelConfigs() {}

    /// Rows of a language model's table of embeddings; 0 where its files say how many.
    public static int vocabulary(LanguageModelRecipe llm) {
        return switch (llm) {
            case LanguageModelRecipe.Custom custom -> RecipeTokenizers.of(custom).size();
            case LanguageModelRecipe.Pretrained named -> named.sizes().map(LanguageModelConfig::vocabulary).orElse(0);
        };
    }

    /// For the largest images of a recipe.
    public static ImageModelConfig of(Recipe recipe) {
        var model = recipe.model();
        return of(model, TextConfigs.of(recipe, vocabulary(model.llm())), recipe.largestSide() / model.pixels());
    }

    /// As a checkpoint has it.
    ///
    /// @param folder of the checkpoint
    static ImageModelConfig of(Recipe recipe, int vocabulary, Path folder) {
        return of(recipe.model(), TextConfigs.of(recipe, vocabulary, folder), recipe.largestSide() / recipe.model().pixels());
    }

    /// Of a recipe that says all sizes itself.
    ///
    /// @param vocabulary of the tokenizer; a published language model keeps its own
    /// @param side of the images in pixels (or latents)
    public static ImageModelConfig of(Model model, int vocabulary, int side) {
        return of(model, TextConfigs.said(model, vocabulary).orElseThrow(), side);
    }

    /// @param text the language model that is built
    /// @param side of the images in pixels (or latents)
    static ImageModelConfig of(Model model, LanguageModelConfig text, int side) {
        var image = image(model, text, side);
        return switch (model.fusion()) {
            case Model.Fusion.Joint() -> deep(model, text, image, new Fusion.JointSelfAttention());
            case Model.Fusion.Cross() -> deep(model, text, image, new Fusion.CrossAttention());
            case Model.Fusion.GatedJoint() -> deep(model, text, image, new Fusion.GatedJointAttention());
            case Model.Fusion.ShallowJoint(var state) ->
                    new TextDiTConfig(text, image, new Fusion.JointSelfAttention(), text.hidden(), state);
            case Model.Fusion.ShallowCross(var state) -> new TextDiTConfig(text, image, new Fusion.CrossAttention(), text.hidden(), state);
            case Model.Fusion.DualStream(var state, var adapters) -> new DualStreamDiTConfig(text, image, state, adapters);
        };
    }

    /// Layers that follow one another are told as the paper's models tell them: by how many there are before.
    private static FuseDiTConfig deep(Model model, LanguageModelConfig text, DiTConfig image, Fusion fusion) {
        if (!model.readLayers().isFirst()) {
            var layers = model.layersRead(text.layers());
            boolean inRow = layers.getLast() - layers.getFirst() == layers.size() - 1;
            return inRow ? new FuseDiTConfig(text, image, fusion, layers.getFirst(), new SharedLayers.All())
                    : new FuseDiTConfig(text, image, fusion, 0, new SharedLayers.OneEach(layers));
        }
        var shared =
                model.sharedLayers() == null ? new SharedLayers.All() : new SharedLayers.Some(ImmutableSet.copyOf(model.sharedLayers()));
        return new FuseDiTConfig(text, image, fusion, model.initialLayers(), shared);
    }

    private static DiTConfig image(Model model, LanguageModelConfig text, int side) {
        var dit = model.dit();
        int width = dit.width() == null ? text.hidden() : dit.width();
        int mlpWidth = dit.mlpWidth() == null ? text.intermediate() : dit.mlpWidth();
        return DiTConfig.beside(text, model.positions().of(side, side / dit.patch()), model.time())
                .width(width)
                .intermediate(mlpWidth)
                .layers(dit.layers())
                .patch(dit.patch())
                .channels(model.channels())
                .qkNorm(model.qkNorm())
                .sandwichNorm(model.sandwichNorm())
                .pooledText(pooledText(model))
                .initRange(IMAGE_INIT_RANGE)
                .attentionBias(false)
                .detailHead(dit.detailHead())
                .build();
    }

    private static int pooledText(Model model) {
        return model.clip() == null ? 0 : KnownClipTexts.find(model.clip()).orElseThrow().projection();
    }

    /// What the network's output means, and in which terms the loss compares.
    public static Prediction prediction(Model.Prediction output, Losses.Flow flow) {
        return switch (output) {
            case VELOCITY -> switch (flow.target()) {
                case VELOCITY -> new Prediction.Velocity();
                case CLEAN -> new Prediction.EdmPreconditioned();
            };
            case CLEAN -> switch (flow.target()) {
                case VELOCITY -> new Prediction.X0WithVLoss(flow.sigmaFloor());
                case CLEAN -> new Prediction.X0();
            };
        };
    }

    public static FlowMatching flow(Model model, Losses.Flow flow) {
        return new FlowMatching(FlowMatchScheduler.shifted(flow.shift()), flow.time(), flow.weighting(),
                prediction(model.prediction(), flow));
    }
}
