package dev.fusedit.trainer.model;

import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.LanguageModels;
import dev.fusedit.fusion.pipeline.PipelineFolder;
import dev.fusedit.fusion.text.OwnTokenizer;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The files that a run begins with (`weights.model` or `weights.llm`), and what they say of their model. Read before any tensor is.
///
/// | `weights.model` | its tensors | its description |
/// |---|---|---|
/// | a run's folder, a checkpoint, or its file | what that run samples with: weights, and over them their average | its recipe |
/// | a pipeline's folder | `transformer/`, and `llm/` beside the paper's baselines | `config.json` of each part, the scheduler's, the tokenizer |
/// | a folder with `config.json`, or a file beside one | the paper's reference saves them under the names that are ours too; its baselines lack the language model and the prefix `dit.` | `config.json` |
/// | a file below a folder with `config.json` | the same | that, if it is of such a model |
/// | another file: `ema.pt.zst`, `.pt`, safetensors | the same | none but names and shapes |
sealed interface StartingFiles {
    /// No files: all weights are new.
    record Nothing() implements StartingFiles {}

    /// A language model's.
    record Language(Path place, LanguageModelConfig config) implements StartingFiles {}

    /// @param recipe the run's own
    /// @param config of the model that it makes
    record Run(Checkpoint checkpoint, Recipe recipe, ImageModelConfig config) implements StartingFiles {}

    record Pipeline(Path folder, ImageModelConfig config) implements StartingFiles {
        Path file() { return configOf(folder.resolve("transformer")); }
    }

    /// @param weights a folder or a file
    /// @param file the configuration
    record Described(Path weights, Path file, ImageModelConfig config) implements StartingFiles {}

    /// A file that says nothing of its model.
    record Bare(Path file) implements StartingFiles {}

    /// @throws dev.fusedit.torch.UserError if a place is not there, or its description is broken or of nothing that is built here
    static StartingFiles of(Recipe recipe) {
        var model = recipe.weights().model();
        var llm = recipe.weights().llmFile();
        if (model != null) {
            return model(Checkpoints.meant(Path.of(model)));
        }
        return llm == null ? new Nothing() : language(Path.of(llm));
    }

    private static StartingFiles language(Path place) {
        try (var stored = LanguageModels.open(place)) {
            return new Language(place, stored.config());
        }
    }

    private static StartingFiles model(Path place) {
        if (PipelineFolder.is(place)) {
            var file = configOf(place.resolve("transformer"));
            return new Pipeline(place, read(file));
        } else if (Files.isRegularFile(place)) {
            return file(place);
        } else if (FolderTensors.is(place)) {
            return new Described(place, configOf(place), read(configOf(place)));
        }
        return run(Checkpoint.open(Checkpoints.find(place)));
    }

    /// What lies beside a file is of the same model.
    private static StartingFiles file(Path place) {
        var folder = place.toAbsolutePath().getParent();
        if (Files.isRegularFile(folder.resolve(CheckpointFiles.RECIPE)) && Checkpoint.is(folder)) {
            return run(Checkpoint.open(folder));
        }
        return description(folder).<StartingFiles>map(config -> new Described(place, config, read(config)))
                .orElseGet(() -> new Bare(place));
    }

    /// The `config.json` of a folder with weights. One of the reference's trainers saves it once for all checkpoints, in the folder above
    /// them; what lies there may be of something else.
    static Optional<Path> description(Path folder) {
        var own = configOf(folder);
        if (Files.isRegularFile(own)) {
            return Optional.of(own);
        }
        return Optional.ofNullable(folder.getParent()).map(StartingFiles::configOf).filter(Files::isRegularFile)
                .filter(above -> ModelConfigJson.isOne(JsonFile.object(above, "Give the folder of a checkpoint")));
    }

    private static Run run(Checkpoint checkpoint) {
        var recipe = Recipe.parse(CheckpointFiles.text(checkpoint, CheckpointFiles.RECIPE),
                checkpoint.file(CheckpointFiles.RECIPE).toString(), List.of());
        int vocabulary = switch (recipe.model().llm()) {
            case LanguageModelRecipe.Custom _ -> OwnTokenizer.fromJson(CheckpointFiles.text(checkpoint, CheckpointFiles.WORDS),
                    checkpoint.file(CheckpointFiles.WORDS).toString()).size();
            case LanguageModelRecipe.Pretrained _ -> 0;
        };
        var text = TextConfigs.of(recipe, vocabulary, checkpoint.folder());
        return new Run(checkpoint, recipe, RecipeModelConfigs.of(recipe.model(), text, recipe.largestSide() / recipe.model().pixels()));
    }

    private static Path configOf(Path folder) { return folder.resolve(FolderTensors.CONFIG); }

    private static ImageModelConfig read(Path config) {
        return ModelConfigJson.read(JsonFile.object(config, "Fetch the model's folder anew"), config.toString());
    }

    /// The language model within, as the files say it is.
    default Optional<LanguageModelConfig> text() {
        return switch (this) {
            case Nothing() -> Optional.empty();
            case Language(_, var config) -> Optional.of(config);
            case Run run -> Optional.of(run.config().text());
            case Pipeline pipeline -> Optional.of(pipeline.config().text());
            case Described described -> Optional.of(described.config().text());
            case Bare _ -> Optional.empty();
        };
    }
}
