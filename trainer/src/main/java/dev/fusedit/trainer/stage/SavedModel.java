package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.Content;
import dev.fusedit.trainer.optim.MovingAverage;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Sampling;
import dev.fusedit.trainer.recipe.Sampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A model as checkpoints hold it: the recipe, the words, the weights, their moving average, and the optimizer's moments.
public final class SavedModel {
    private static final String RECIPE = "recipe.yaml";
    private static final String WORDS = "tokenizer.json";
    private static final String WEIGHTS = "model.safetensors";
    private static final String AVERAGE = "ema.safetensors";
    private static final String OPTIMIZER = "optimizer.safetensors";

    private SavedModel() {}

    /// The files of a checkpoint.
    static Map<String, Content> files(Recipe recipe, Trainee trainee, MovingAverage average, Map<String, Tensor> moments) {
        var files = new LinkedHashMap<String, Content>();
        files.put(RECIPE, Content.of(recipe.canonical()));
        files.put(WORDS, Content.of(trainee.tokenizer().toJson()));
        files.put(WEIGHTS, tensors(trainee.weights().state()));
        if (!average.isEmpty()) {
            files.put(AVERAGE, tensors(average.averages()));
        }
        files.put(OPTIMIZER, tensors(moments));
        return files;
    }

    private static Content tensors(Map<String, Tensor> tensors) { return out -> SafeTensors.write(out, tensors, Map.of("format", "pt")); }

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
        var recipe = Recipe.parse(text(checkpoint, RECIPE), checkpoint.file(RECIPE).toString(), List.of());
        var tokenizer = WordTokenizer.fromJson(text(checkpoint, WORDS));
        var placement = Precisions.of(recipe.run()).frozen();
        var trainee = Trainee.fresh(recipe, tokenizer, placement, Seed.of(0));
        try {
            read(checkpoint, WEIGHTS, trainee);
            if (weights == Sampling.Weights.EMA && !checkpoint.has(AVERAGE)) {
                throw new UserError("%s has no average of its weights: take them raw".formatted(checkpoint.folder()));
            }
            if ((weights == null ? recipe.sampling().weights() : weights) == Sampling.Weights.EMA && checkpoint.has(AVERAGE)) {
                read(checkpoint, AVERAGE, trainee);
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

    private static void read(Checkpoint checkpoint, String file, Trainee trainee) {
        try (var tensors = SafeTensors.open(checkpoint.file(file))) {
            trainee.weights().load(tensors, name -> tensors.contains(name) || !file.equals(AVERAGE) ? name : null);
        }
    }

    private static String text(Checkpoint checkpoint, String name) {
        try {
            return Files.readString(checkpoint.file(name));
        } catch (IOException e) {
            throw new UserError("%s cannot be read: %s".formatted(checkpoint.file(name), e.getMessage()), e);
        }
    }

}
