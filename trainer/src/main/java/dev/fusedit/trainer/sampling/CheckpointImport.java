package dev.fusedit.trainer.sampling;

import dev.fusedit.fusion.pipeline.PipelineFolder;
import dev.fusedit.fusion.pipeline.PipelineNotes;
import dev.fusedit.fusion.pipeline.PipelineParts;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileFormat;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.log.ShellWords;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Makes a pipeline's folder, which [SamplingModel#open] reads, of weights that are none: a checkpoint of the paper's reference (`ema.pt.zst`,
/// `model.pt`, safetensors under the same names, or the folder of one), what `export --to safetensors` wrote, or a pipeline's folder that lacks
/// parts. What is not among the files is given: the configuration, or a recipe that describes the model, and the frozen parts.
///
/// | the model | is told by |
/// |---|---|
/// | its shape | `config.json` beside the weights or in the folder above, or the one given; or a recipe, with which such a file is compared |
/// | its noise levels, what its output means | `scheduler_config.json` beside the weights, else the paper's; or the recipe |
/// | how it is sampled | what the `config.json` of an export says; else as the paper's; or the recipe |
///
/// @param from a file or a folder
/// @param by what describes the model
/// @param said told in sentences what is taken from where
public record CheckpointImport(Path from, Description by, Places places, Consumer<String> said) {
    /// What describes the model.
    public sealed interface Description {
        /// The files.
        ///
        /// @param config a `config.json` in place of the one beside the weights; null for that
        record Files(@Nullable Path config) implements Description {}

        /// @param asReference whether noise levels lie as the paper's code has them, and not as runs here
        record ByRecipe(Recipe recipe, boolean asReference) implements Description {}
    }

    /// Where parts are that the weights do not hold; null for what is not given.
    ///
    /// @param llm a Hugging Face folder or a GGUF file
    /// @param vae its folder, or that of a pipeline that has one
    /// @param clip its folder, with its tokenizer
    /// @param tokenizer a `tokenizer.json`, or its folder
    public record Places(@Nullable Path llm, @Nullable Path vae, @Nullable Path clip, @Nullable Path tokenizer) {
        public static final Places NONE = new Places(null, null, null, null);
    }

    /// Writes the folder.
    ///
    /// @param out new or empty; there whole in the end, or not at all
    /// @param dtype what weights are stored in; null as they are
    /// @return what of it Python cannot use
    /// @throws UserError that lists what is missing and how to give it, if something is; or naming what is wrong
    public PipelineNotes write(Path out, @Nullable DType dtype) {
        PipelineFolder.requireFree(out);
        requireSource();
        try (var parts = parts(); var pipeline = parts.read()) {
            parts.check(pipeline);
            PipelineFolder.writeNew(out, pipeline, dtype);
            return PipelineNotes.of(pipeline);
        } catch (IOException e) {
            throw WriteFailure.of(out, e);
        }
    }

    private ImportedParts parts() {
        if (PipelineFolder.is(from)) {
            switch (by) {
                case Description.Files(var config) -> {
                    if (config == null) return ImportedParts.of(PipelineParts.of(from), places, said);
                }
                case Description.ByRecipe _ -> {}
            }
            throw new UserError("%s is a pipeline's folder, which says itself of which model it is: leave --config and --recipe out"
                    .formatted(from));
        }
        var weights = Files.isDirectory(from) ? FolderTensors.weights(from) : from;
        said.accept("weights: %s".formatted(weights));
        return switch (by) {
            case Description.Files(var config) -> ImportedParts.described(from, weights, config, places, said);
            case Description.ByRecipe(var recipe, var asReference) ->
                    ImportedParts.of(from, weights, recipe, asReference, places, said);
        };
    }

    private void requireSource() {
        if (!Files.exists(from)) {
            throw new UserError("%s: no such file or folder".formatted(from));
        }
        var folder = Files.isDirectory(from) ? from : from.toAbsolutePath().getParent();
        if (!PipelineFolder.is(from) && (Files.isDirectory(from) ? Checkpoints.isIn(from) : Checkpoint.is(folder))) {
            throw new UserError("%s is of a run, which is sampled from as it is. For a pipeline of it: %s".formatted(from,
                    ShellWords.fusedit(List.of("export", "--model", folder.toString(), "--out", "DIR"))));
        }
    }

    /// The error for a place that is no model to sample from, but could be made one.
    static UserError insteadOf(Path place) {
        return new UserError("%s is %s, not a model's folder. Make one of it: %s".formatted(place,
                Files.isDirectory(place) ? "a folder of weights" : FileFormat.of(place).phrase(),
                ShellWords.fusedit(List.of("import", place.toString(), "--out", "DIR"))));
    }

    /// Whether weights are there of which a folder could be made.
    static boolean isFor(Path place) {
        if (Files.isDirectory(place)) {
            return FolderTensors.is(place) && !PipelineFolder.is(place);
        }
        return Files.isRegularFile(place) && switch (FileFormat.of(place)) {
            case SAFETENSORS -> true;
            case ZIP -> true;
            case ZSTD -> true;
            case PICKLE -> true;
            default -> false;
        };
    }
}
