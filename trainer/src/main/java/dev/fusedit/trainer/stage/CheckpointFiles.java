package dev.fusedit.trainer.stage;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensorsCopy;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Content;
import dev.fusedit.trainer.checkpoint.Snapshot;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The files of a checkpoint. Two equal runs leave equal ones, but for [#TIMES] and the manifest with its sum.
final class CheckpointFiles {
    /// In its canonical form.
    static final String RECIPE = "recipe.yaml";
    static final String WORDS = "tokenizer.json";
    /// The masters of all weights, also of those that never learn.
    static final String WEIGHTS = "model.safetensors";
    /// Of what learns under an average.
    static final String AVERAGE = "ema.safetensors";
    /// The optimizer's tensors: `NAME.exp_avg` and the like.
    static final String OPTIMIZER = "optimizer.safetensors";
    static final String STATE = "state.json";
    static final String TIMES = "times.json";

    private static final Map<String, String> METADATA = Map.of("format", "pt");

    private CheckpointFiles() {}

    /// All of them as they are now, on the thread that runs torch. The copies take as much memory as the weights, their average and the
    /// optimizer's tensors together, until the snapshot is closed.
    static Snapshot snapshot(Recipe recipe, RunTensors tensors, RunState state, RunFigures figures) {
        var copies = new ArrayList<SafeTensorsCopy>();
        try {
            var files = new LinkedHashMap<String, Content>();
            files.put(RECIPE, Content.of(recipe.canonical()));
            files.put(WORDS, Content.of(RecipeTokenizers.json(tensors.bundle().tokenizer())));
            files.put(WEIGHTS, copied(tensors.bundle().weights().state(), copies));
            if (!tensors.emaWeights().isEmpty()) {
                files.put(AVERAGE, copied(tensors.emaWeights().averages(), copies));
            }
            files.put(OPTIMIZER, copied(tensors.optimizerState().state(), copies));
            files.put(STATE, Content.of(state.text()));
            files.put(TIMES, Content.of(figures.text()));
            return new Snapshot(files, () -> copies.forEach(SafeTensorsCopy::close));
        } catch (RuntimeException e) {
            copies.forEach(SafeTensorsCopy::close);
            throw e;
        }
    }

    private static Content copied(Map<String, Tensor> tensors, List<SafeTensorsCopy> copies) {
        var copy = SafeTensorsCopy.of(tensors, METADATA);
        copies.add(copy);
        return copy::writeTo;
    }

    /// @throws UserError if the checkpoint has no such file: one that another version of the program wrote
    static String text(Checkpoint checkpoint, String name) {
        requireIn(checkpoint, name);
        try {
            return Files.readString(checkpoint.file(name));
        } catch (IOException e) {
            throw new UserError("%s cannot be read: %s".formatted(checkpoint.file(name), e.getMessage()), e);
        }
    }

    static void requireIn(Checkpoint checkpoint, String name) {
        if (!checkpoint.has(name)) {
            throw new UserError("checkpoint %s: has no %s, only %s. Another version of this program may have written it"
                    .formatted(checkpoint.folder(), name, String.join(", ", checkpoint.names())));
        }
    }
}
