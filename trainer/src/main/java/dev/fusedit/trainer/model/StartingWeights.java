package dev.fusedit.trainer.model;

import dev.fusedit.fusion.llm.LanguageModels;
import dev.fusedit.fusion.pipeline.PipelineFolder;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.torch.io.TensorSource;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/// Weights that a run begins with instead of random ones: `weights.model` and `weights.llm` of its recipe. What no file has (an alignment's
/// projections) keeps its drawn value; each other tensor must be there, in its shape, or all that does not fit is listed in one error.
///
/// | `weights.model` | its tensors |
/// |---|---|
/// | a run's folder or a checkpoint | what that run samples with: weights, and over them their average |
/// | a pipeline's folder | `transformer/`, and `llm/` beside the paper's baselines |
/// | a folder with `config.json`, or a file: `ema.pt.zst`, `.pt`, safetensors | the paper's reference saves them under the names that are ours too; its baselines lack the language model and the prefix `dit.` |
public final class StartingWeights {
    private static final String LLM = "llm.";
    private static final String DIT = "dit.";
    private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\..*");

    /// What training libraries put between the pieces of a name when they wrap a module.
    private static final Pattern WRAPPING =
            Pattern.compile("(?<=^|\\.)(module|_orig_mod|_orig_module|_fsdp_wrapped_module|_checkpoint_wrapped_module)\\.");

    private final ModelBundle bundle;

    private StartingWeights(ModelBundle bundle) { this.bundle = bundle; }

    /// Reads what the recipe names.
    ///
    /// @throws UserError if a place is not there, is something else, or does not fit
    public static void read(Recipe recipe, ModelBundle bundle) {
        var model = recipe.weights().model();
        var llm = recipe.weights().llm();
        var starting = new StartingWeights(bundle);
        if (model != null) {
            starting.model(Path.of(model));
        }
        if (llm != null) {
            starting.llm(Path.of(llm));
        }
    }

    // ---- whole models

    private void model(Path place) {
        if (PipelineFolder.is(place)) {
            pipeline(place);
        } else if (Files.isRegularFile(place)) {
            try (var file = TensorFiles.open(place)) {
                file(file);
            }
        } else if (FolderTensors.is(place)) {
            try (var folder = FolderTensors.open(place)) {
                file(folder);
            }
        } else {
            run(Checkpoint.open(Checkpoints.find(place)));
        }
    }

    private void run(Checkpoint checkpoint) {
        var recipe = Recipe.parse(CheckpointFiles.text(checkpoint, CheckpointFiles.RECIPE),
                checkpoint.file(CheckpointFiles.RECIPE).toString(), List.of());
        SavedModel.readForSampling(recipe.sampling().weights(), checkpoint, bundle);
    }

    private void pipeline(Path folder) {
        try (var transformer = TensorFiles.open(FolderTensors.weights(folder.resolve("transformer")))) {
            if (!isShallow()) {
                load(transformer);
                return;
            }
            loadImageSide(transformer);
        }
        var own = folder.resolve("llm");
        llm(Files.isDirectory(own) ? own : folder.resolve("text_encoder"));
    }

    private void file(TensorSource file) {
        var plain = RenamedTensors.of(file, name -> WRAPPING.matcher(name).replaceAll(""));
        if (!isShallow() || plain.names().stream().anyMatch(name -> name.startsWith(LLM))) {
            load(plain);
        } else {
            throw new UserError("weights.model: %s holds the image side alone. Give a pipeline's folder, which holds its language model too"
                    .formatted(file.path()));
        }
    }

    /// Whether the language model is a part of its own, beside the image side in a file of its own.
    private boolean isShallow() { return !bundle.model().config().isDeep(); }

    private void load(TensorSource file) { bundle.weights().load(file, SavedModel::sampled); }

    private void loadImageSide(TensorSource file) {
        var named = RenamedTensors.of(file, name -> DIT + name);
        bundle.weights().in("dit").load(named, name -> name);
    }

    // ---- language models

    /// Of a file with more layers than the model has, the first ones are taken; a head that the model does not have is left out.
    private void llm(Path place) {
        try (var stored = LanguageModels.open(place)) {
            int layers = bundle.model().llm().config().layers();
            var named = RenamedTensors.of(stored.tensors(), name -> {
                var layer = LAYER.matcher(name);
                boolean beyond = layer.matches() && Integer.parseInt(layer.group(1)) >= layers;
                return beyond || !name.startsWith("model.") ? null : LLM + name.substring("model.".length());
            });
            bundle.weights().in("llm").load(named, name -> name);
        }
    }
}
