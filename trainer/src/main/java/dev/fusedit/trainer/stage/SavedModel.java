package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Sampling;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A model as checkpoints hold it, opened to draw with.
public final class SavedModel {
    private SavedModel() {}

    /// A model to draw with, and the recipe it was made by.
    public record Loaded(Recipe recipe, Trainee trainee, Path folder) implements AutoCloseable {
        @Override
        public void close() { trainee.close(); }
    }

    /// Opens a run's folder, its `checkpoints`, or a checkpoint; with the average's weights if the recipe draws with those.
    ///
    /// @throws UserError naming what is wrong with the place
    public static Loaded load(Path place) { return load(place, null); }

    /// As [#load(Path)], with weights of choice.
    ///
    /// @param weights null for the recipe's choice
    public static Loaded load(Path place, Sampling.@Nullable Weights weights) {
        var checkpoint = Checkpoint.open(Checkpoints.find(place));
        var recipe = Recipe.parse(CheckpointFiles.text(checkpoint, CheckpointFiles.RECIPE),
                checkpoint.file(CheckpointFiles.RECIPE).toString(), List.of());
        var tokenizer = WordTokenizer.fromJson(CheckpointFiles.text(checkpoint, CheckpointFiles.WORDS));
        var placement = Precisions.of(recipe.run()).frozen();
        var trainee = Trainee.fresh(recipe, tokenizer, placement, Seed.of(0));
        try {
            readWeights(checkpoint, trainee);
            if (weights == Sampling.Weights.EMA && !checkpoint.has(CheckpointFiles.AVERAGE)) {
                throw new UserError("%s has no average of its weights: take them raw".formatted(checkpoint.folder()));
            }
            if ((weights == null ? recipe.sampling().weights() : weights) == Sampling.Weights.EMA
                    && checkpoint.has(CheckpointFiles.AVERAGE)) {
                readAverage(checkpoint, trainee);
            }
            return new Loaded(recipe, trainee, checkpoint.folder());
        } catch (RuntimeException e) {
            trainee.close();
            throw e;
        }
    }

    /// The weights alone, without building the model; the places are those of [#load].
    ///
    /// @throws UserError naming what is wrong with the place
    public static FolderTensors tensors(Path place) { return FolderTensors.of(Checkpoints.find(place), "checkpoint", "FuseDiT"); }

    /// @throws UserError that lists what the checkpoint lacks, has too much, or has in another shape
    static void readWeights(Checkpoint checkpoint, Trainee trainee) {
        CheckpointFiles.requireIn(checkpoint, CheckpointFiles.WEIGHTS);
        try (var tensors = SafeTensors.open(checkpoint.file(CheckpointFiles.WEIGHTS))) {
            trainee.weights().load(tensors, name -> name);
        }
    }

    /// What has no average keeps its value: it never learned.
    private static void readAverage(Checkpoint checkpoint, Trainee trainee) {
        try (var tensors = SafeTensors.open(checkpoint.file(CheckpointFiles.AVERAGE))) {
            trainee.weights().load(tensors, name -> tensors.contains(name) ? name : null);
        }
    }
}
