package dev.fusedit.trainer.plan;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.ShallowModelConfig;
import dev.fusedit.fusion.dit.GradientMask.Modality;
import dev.fusedit.fusion.dit.GradientMask;
import dev.fusedit.trainer.model.ParameterGroups;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.Stage;
import dev.fusedit.trainer.stage.StagePlan;
import java.util.List;
import java.util.stream.IntStream;

/// What memory and work of a stage follow from.
///
/// @param trainable parameters that it trains
/// @param images of a micro-batch; 0 in a stage that samples none
/// @param tokens of an image
/// @param caption tokens of the longest caption
/// @param meanCaption tokens of one on average
/// @param sentences of a micro-batch for the language loss, apart from captions
/// @param sentence tokens of the longest one
record StageShape(Recipe recipe, Stage stage, ModelShapes shapes, List<ParameterShape> trainable, int images, long tokens, int caption,
        int meanCaption,
        int sentences,
        int sentence) {
    static StageShape of(Recipe recipe, Stage stage, ModelShapes shapes, TextLengths lengths) {
        var groups = new ParameterGroups(stage);
        var trainable = shapes.model().stream().filter(shape -> groups.of(shape.name()) != null).collect(ImmutableList.toImmutableList());
        int micro = stage.microBatch();
        var language = stage.losses().language();
        boolean apart = language != null && language.corpus() == Losses.Corpus.TEXT;
        return new StageShape(recipe, stage, shapes, trainable, stage.losses().flow() == null ? 0 : micro, recipe.tokens(stage),
                lengths.caption(),
                lengths.meanCaption(),
                apart ? micro : 0, lengths.sentence());
    }

    /// Parts of a micro-batch that are there side by side, each with gradients of its own.
    int lanes() { return StagePlan.lanes(recipe.run(), stage); }

    boolean sampled() { return images > 0; }

    /// Tokens of a caption that the language model computes: no padding on a CPU, unless somebody sees tokens at their places
    /// ([dev.fusedit.fusion.llm.LanguageModel#enter]).
    int computedCaption() {
        boolean packed = recipe.run().device() == Run.Device.CPU && shapes.config().isDeep() && !readsCaptions()
                && stage.gradientMask().mask().equals(GradientMask.NONE) && stage.losses().contrastive() == null;
        return packed ? meanCaption : caption;
    }

    /// Captions that go through the language model in a micro-batch.
    int captions() { return images; }

    boolean trainsDit() { return trainable.stream().anyMatch(ParameterShape::isDit); }

    boolean trainsLlm() { return trainable.stream().anyMatch(ParameterShape::isLlm); }

    /// Whether the flow loss reaches the language model, so that there is a graph of the captions and of the way to them.
    boolean flowReachesLlm() {
        return sampled() && trainsLlm() && stage.gradientMask().mask().lets(Modality.IMAGE, Modality.TEXT);
    }

    boolean readsCaptions() {
        var language = stage.losses().language();
        return language != null && language.corpus() == Losses.Corpus.CAPTIONS;
    }

    /// Texts that a language loss reads in a micro-batch, and the longest one's tokens.
    int spoken() { return readsCaptions() ? stage.microBatch() : sentences; }

    int spokenTokens() { return readsCaptions() ? caption : sentence; }

    /// Layers of the language model that a caption goes through.
    int captionDepth() {
        return switch (shapes.config()) {
            case FuseDiTConfig fused -> readsCaptions() ? fused.text().layers() : fused.textDepth();
            case ShallowModelConfig beside -> beside.text().layers();
        };
    }

    /// Blocks that read keys and values of the text.
    int readingBlocks() {
        return switch (shapes.config()) {
            case FuseDiTConfig fused -> (int) IntStream.range(0, fused.image().layers())
                    .filter(block -> fused.textLayer(block) >= 0).count();
            case ShallowModelConfig beside -> beside.image().layers();
        };
    }
}
