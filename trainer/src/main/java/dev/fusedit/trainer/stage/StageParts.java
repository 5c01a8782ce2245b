package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.model.GradientMasks;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.recipe.Data;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Stage;
import dev.fusedit.trainer.step.StepLosses;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// What the stages of a recipe are made of: losses, batches, and the loop over both.
///
/// @param tensors stay their owner's
public record StageParts(Recipe recipe, BlocksBatches data, RunTensors tensors) {
    /// @throws UserError if the recipe's data cannot be trained on
    public static BlocksBatches data(Recipe recipe, Tokenizer tokenizer) {
        return switch (recipe.data()) {
            case Data.WebDataset _ -> throw new UserError(
                    "recipe '%s' reads WebDataset shards, which can be planned, but not trained on yet. Train on data: {kind: blocks}"
                            .formatted(recipe.run().name()));
            case Data.Blocks blocks -> new BlocksBatches(blocks.seed(), blocks.mix().blocks(), blocks.samples(),
                    blocks.shuffledCaptions(), tokenizer, recipe.model().llm().maxTokens());
        };
    }

    /// A stage's steps from `first`, counted in the stage, on.
    ///
    /// @param optimizerState of the stage before, or those of a checkpoint if `first` is not 0
    public StageLoop loop(StagePlan plan, long first, EmaWeights emaWeights, OptimizerState optimizerState) {
        return new StageLoop(recipe.run(), plan, first, tensors.bundle(), leaves -> losses(plan, leaves), batches(plan),
                recipe.data().workers(), emaWeights, optimizerState);
    }

    /// @param leaves the bundle's weights, or a replica of them
    private StepLosses losses(StagePlan plan, Weights leaves) {
        var stage = plan.stage();
        var bundle = tensors.bundle();
        boolean own = leaves == bundle.weights();
        var model = (own ? bundle.model() : bundle.model().over(leaves)).masked(GradientMasks.of(stage.gradientMask()));
        var alignments = own ? tensors.alignments() : tensors.alignments().over(leaves);
        return new StepLosses(model, stage.losses(), flow(stage), bundle.latents(), bundle.clip(), recipe.side(stage), leaves.policy(),
                Seed.of(recipe.run().seed()), alignments.of(stage), plan.firstStep());
    }

    @Nullable
    public FlowMatching flow(Stage stage) {
        return stage.losses().flow() == null ? null
                : RecipeModelConfigs.flow(recipe.model(), stage.losses().flow(), FlowMatchScheduler.shifted(stage.losses().flow().shift()));
    }

    private LongFunction<Batch> batches(StagePlan plan) {
        var wanted = new BlocksBatches.Wanted(plan.firstImage(), StagePlan.images(plan.stage()),
                recipe.side(plan.stage()), plan.firstSentence(), StagePlan.sentences(plan.stage()), plan.stage().captionDropout());
        var mix = plan.stage().mix();
        var source = mix == null ? data : data.withMix(mix.blocks());
        return step -> source.of(step, wanted);
    }
}
