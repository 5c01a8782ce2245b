package dev.fusedit.trainer.model;

import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.Host;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.trainer.align.Alignments;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Sampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// A model as checkpoints hold it, opened to sample with.
public final class SavedModel {
    /// What the names of an alignment's own weights begin with: they serve training alone.
    static final String ALIGNMENT = Alignments.PREFIX;

    private SavedModel() {}

    /// A model to sample with, and the recipe it was made by.
    public record Loaded(Recipe recipe, ModelBundle bundle, Path folder) implements AutoCloseable {
        @Override
        public void close() { bundle.close(); }
    }

    /// Opens a run's folder, its `checkpoints`, or a checkpoint; with the average's weights if the recipe samples with those.
    ///
    /// @throws UserError naming what is wrong with the place
    public static Loaded load(Path place) { return load(place, null); }

    /// As [#load(Path)], computing in what is fast here ([DTypePolicy#sampling]): another dtype than the model was trained in, perhaps.
    public static Loaded loadForSampling(Path place) {
        return load(place, null, own -> own.sampling(parameters(Checkpoints.find(place).resolve(CheckpointFiles.WEIGHTS)),
                Host.here().memory().available()));
    }

    /// As [#load(Path)], with weights of choice.
    ///
    /// @param weights null for the recipe's choice
    public static Loaded load(Path place, Sampling.@Nullable Weights weights) { return load(place, weights, own -> own); }

    private static Loaded load(Path place, Sampling.@Nullable Weights weights, UnaryOperator<DTypePolicy> adjusted) {
        var checkpoint = Checkpoint.open(Checkpoints.find(place));
        var recipe = recipe(checkpoint);
        var tokenizer = RecipeTokenizers.of(recipe, checkpoint);
        var policy = adjusted.apply(Precisions.of(recipe.run()).frozen());
        var bundle = ModelBundle.fresh(recipe, TextConfigs.of(recipe, RecipeTokenizers.size(tokenizer), checkpoint), tokenizer, policy,
                Seed.of(0), _ -> {});
        try {
            if (weights == Sampling.Weights.EMA && !checkpoint.has(CheckpointFiles.AVERAGE)) {
                throw new UserError("%s has no average of its weights: take them raw".formatted(checkpoint.folder()));
            }
            readForSampling(weights == null ? recipe.sampling().weights() : weights, checkpoint, bundle);
            return new Loaded(recipe, bundle, checkpoint.folder());
        } catch (RuntimeException e) {
            bundle.close();
            throw e;
        }
    }

    /// Numbers in a file of weights; 0 if it is not there, which is told by whoever reads it.
    public static long parameters(Path file) {
        if (!Files.exists(file)) {
            return 0;
        }
        try (var tensors = TensorFiles.open(file)) {
            return tensors.tensors().values().stream().mapToLong(info -> LongStream.of(info.shape()).reduce(1, Math::multiplyExact)).sum();
        }
    }

    /// The recipe that a model was made by; the places are those of [#load].
    ///
    /// @throws UserError naming what is wrong with the place
    public static Recipe recipe(Path place) { return recipe(Checkpoint.open(Checkpoints.find(place))); }

    private static Recipe recipe(Checkpoint checkpoint) {
        return Recipe.parse(CheckpointFiles.text(checkpoint, CheckpointFiles.RECIPE),
                checkpoint.file(CheckpointFiles.RECIPE).toString(), List.of());
    }

    /// The weights alone, without building the model; the places are those of [#load].
    ///
    /// @throws UserError naming what is wrong with the place
    public static FolderTensors tensors(Path place) {
        var folder = Checkpoints.find(place);
        var file = folder.resolve(CheckpointFiles.RECIPE);
        try {
            var recipe = Recipe.parse(Files.readString(file), file.toString(), List.of());
            return FolderTensors.of(folder, "checkpoint", ModelConfigJson.type(RecipeModelConfigs.of(recipe)));
        } catch (IOException e) {
            throw new UserError("%s cannot be read: %s. A checkpoint holds the recipe that it was made by".formatted(file, e), e);
        }
    }

    /// @throws UserError that lists what the checkpoint lacks, has too much, or has in another shape
    public static void readWeights(Checkpoint checkpoint, ModelBundle bundle) {
        CheckpointFiles.requireIn(checkpoint, CheckpointFiles.WEIGHTS);
        try (var tensors = SafeTensors.open(checkpoint.file(CheckpointFiles.WEIGHTS))) {
            bundle.weights().load(tensors, name -> name);
        }
    }

    /// What images are sampled with: the weights, and if the recipe says so their average over them. What has no average never learned.
    /// Weights of the bundle's alignments keep their values.
    ///
    /// @param recipe the checkpoint's own
    static void readForSampling(Sampling.Weights chosen, Checkpoint checkpoint, ModelBundle bundle) {
        CheckpointFiles.requireIn(checkpoint, CheckpointFiles.WEIGHTS);
        try (var file = SafeTensors.open(checkpoint.file(CheckpointFiles.WEIGHTS))) {
            bundle.weights().load(RenamedTensors.of(file, SavedModel::sampled), SavedModel::sampled);
        }
        if (chosen == Sampling.Weights.EMA && checkpoint.has(CheckpointFiles.AVERAGE)) {
            try (var file = SafeTensors.open(checkpoint.file(CheckpointFiles.AVERAGE))) {
                var average = RenamedTensors.of(file, SavedModel::sampled);
                bundle.weights().load(average, name -> average.contains(name) ? name : null);
            }
        }
    }

    static @Nullable String sampled(String name) { return name.startsWith(ALIGNMENT) ? null : name; }
}
