package dev.fusedit.trainer.model;

import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.LoraAdapter;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.torch.Device;
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
import java.util.Optional;
import java.util.function.BiFunction;
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

    /// Opens a run's folder, its `checkpoints`, or a checkpoint, on the CPU; with the average's weights if the recipe samples with those.
    ///
    /// @throws UserError naming what is wrong with the place
    public static Loaded load(Path place) { return load(place, null); }

    /// As [#load(Path)], computing where and in what it is fast ([DTypePolicy#sampling]): on another device and in another dtype than the model
    /// was trained, perhaps.
    ///
    /// @param device empty for the one that it was trained on if that is here, else the CPU
    public static Loaded loadForSampling(Path place, Optional<Device> device) {
        var folder = Checkpoints.find(place);
        return load(place, null, (recipe, own) -> Precisions.held(recipe, own.on(device.orElseGet(() -> deviceHere(recipe)))).sampling(
                parameters(folder.resolve(CheckpointFiles.WEIGHTS)) + referred(folder).parameters(), Host.here().memory().available()));
    }

    /// That it was trained on if that is here, else the CPU.
    ///
    /// @throws UserError naming what is wrong with the place
    public static Device device(Path place) { return deviceHere(recipe(place)); }

    static Device deviceHere(Recipe recipe) {
        var trained = Precisions.device(recipe.run());
        return trained.isAvailable() ? trained : Device.CPU;
    }

    /// As [#load(Path)], with weights of choice.
    ///
    /// @param weights null for the recipe's choice
    public static Loaded load(Path place, Sampling.@Nullable Weights weights) {
        return load(place, weights, (_, own) -> own.on(Device.CPU));
    }

    private static Loaded load(Path place, Sampling.@Nullable Weights weights, BiFunction<Recipe, DTypePolicy, DTypePolicy> adjusted) {
        var checkpoint = Checkpoint.open(Checkpoints.find(place));
        var own = recipe(checkpoint);
        var files = FrozenFiles.of(checkpoint.folder(), own);
        var recipe = files.placed(own);
        var tokenizer = RecipeTokenizers.of(recipe, checkpoint);
        var policy = adjusted.apply(recipe, Precisions.of(recipe.run()).frozen());
        var bundle =
                ModelBundle.fresh(recipe, TextConfigs.of(recipe, RecipeTokenizers.size(tokenizer), checkpoint.folder()), tokenizer, policy,
                        Seed.of(0), _ -> {});
        try {
            if (weights == Sampling.Weights.EMA && !checkpoint.has(CheckpointFiles.AVERAGE)
                    && !checkpoint.has(CheckpointFiles.index(CheckpointFiles.AVERAGE))) {
                throw new UserError("%s has no average of its weights: take them raw".formatted(checkpoint.folder()));
            }
            readForSampling(weights == null ? recipe.sampling().weights() : weights, checkpoint, bundle, files, own);
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

    /// The weights that a checkpoint holds, without building the model; the places are those of [#load].
    ///
    /// @throws UserError naming what is wrong with the place, or with a file that it refers to
    public static FolderTensors tensors(Path place) {
        var folder = Checkpoints.find(place);
        var recipe = recipeIn(folder);
        FrozenFiles.of(folder, recipe);
        return FolderTensors.of(folder, "checkpoint",
                ModelConfigJson.type(RecipeModelConfigs.of(recipe, RecipeModelConfigs.vocabulary(recipe.model().llm()), folder)));
    }

    /// The files outside of a checkpoint that hold its other weights, as far as they are there; the places are those of [#load].
    ///
    /// @throws UserError naming what is wrong with the place, or with such a file
    public static FrozenFiles referred(Path place) {
        var folder = Checkpoints.find(place);
        return FrozenFiles.of(folder, recipeIn(folder));
    }

    /// The same for a run that goes on under a recipe.
    public static FrozenFiles referred(Checkpoint checkpoint, Recipe recipe) {
        return FrozenFiles.goingOn(checkpoint.folder(), recipe(checkpoint), recipe);
    }

    private static Recipe recipeIn(Path folder) {
        var file = folder.resolve(CheckpointFiles.RECIPE);
        try {
            return Recipe.parse(Files.readString(file), file.toString(), List.of());
        } catch (IOException e) {
            throw new UserError("%s cannot be read: %s. A checkpoint holds the recipe that it was made by".formatted(file, e), e);
        }
    }

    /// @param files that the checkpoint refers to
    /// @throws UserError that lists what the checkpoint lacks, has too much, or has in another shape
    public static void readWeights(Checkpoint checkpoint, ModelBundle bundle, FrozenFiles files) {
        readWeights(checkpoint, bundle, files, recipe(checkpoint), name -> name);
    }

    private static void readWeights(Checkpoint checkpoint, ModelBundle bundle, FrozenFiles files, Recipe own,
            UnaryOperator<@Nullable String> names) {
        CheckpointFiles.requireIn(checkpoint, CheckpointFiles.WEIGHTS);
        try (var file = SafeTensors.open(checkpoint.file(CheckpointFiles.WEIGHTS))) {
            var held = file.names();
            bundle.weights().load(RenamedTensors.of(file, names),
                    name -> held.contains(name) || isMissed(name, files, own) ? names.apply(name) : null);
            files.read(bundle, own, held);
        }
    }

    /// Whether a checkpoint must hold a weight that it does not: neither its files may, nor is it of an adapter that the run had not.
    private static boolean isMissed(String name, FrozenFiles files, Recipe own) {
        return LoraAdapter.isPart(name) ? own.model().adapted().have(name) : !files.mayHold(name);
    }

    /// What images are sampled with: the weights, and if the recipe says so their average over them. What has no average never learned.
    /// Weights of the bundle's alignments keep their values.
    ///
    /// @param files that the checkpoint refers to
    /// @param own recipe of the checkpoint
    static void readForSampling(Sampling.Weights chosen, Checkpoint checkpoint, ModelBundle bundle, FrozenFiles files, Recipe own) {
        readWeights(checkpoint, bundle, files, own, SavedModel::sampled);
        if (chosen != Sampling.Weights.EMA) return;
        CheckpointFiles.tensors(checkpoint, CheckpointFiles.AVERAGE).ifPresent(file -> {
            try (file) {
                var average = RenamedTensors.of(file, SavedModel::sampled);
                bundle.weights().load(average, name -> average.contains(name) ? name : null);
            }
        });
    }

    static @Nullable String sampled(@Nullable String name) { return name == null || name.startsWith(ALIGNMENT) ? null : name; }
}
