package dev.fusedit.trainer.stage;

import dev.fusedit.trainer.data.BatchSlice;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.BlankBatches;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.MixedBatches;
import dev.fusedit.trainer.data.ReferenceBatches;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.recipe.Recipe;

/// What of a recipe's data a stage trains on.
///
/// @param data stays its owner's
/// @param slice of each batch
public record StageBatches(Recipe recipe, Batches data, BatchSlice slice) {
    /// Whole batches.
    public StageBatches(Recipe recipe, Batches data) { this(recipe, data, BatchSlice.WHOLE); }

    /// A stage's batches by their steps, counted in the stage from 0.
    public BatchOfStep of(StagePlan plan) {
        var wanted = wanted(plan);
        var source = source(plan);
        return (step, arrays) -> source.of(step, wanted, arrays);
    }

    Batches.Wanted wanted(StagePlan plan) {
        var first = plan.at(plan.firstStep());
        return new Batches.Wanted(first.image(), StagePlan.images(plan.stage()), recipe.sizes(plan.stage()), first.sentence(),
                StagePlan.sentences(plan.stage()), plan.stage().captionDropout(), slice);
    }

    Batches source(StagePlan plan) {
        var mix = plan.stage().mix();
        return switch (data) {
            case BlocksBatches blocks -> mix == null ? blocks : blocks.withMix(mix.blocks());
            case SourceBatches images -> images;
            case ReferenceBatches images -> images;
            case MixedBatches mixed -> mixed;
            case BlankBatches blank -> blank;
        };
    }
}
