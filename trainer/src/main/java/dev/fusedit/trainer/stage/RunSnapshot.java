package dev.fusedit.trainer.stage;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.io.SafeTensorsCopy;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.Content;
import dev.fusedit.trainer.checkpoint.Snapshot;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A run at the end of a step, as [CheckpointFiles] hold it.
public final class RunSnapshot {
    private static final Map<String, String> METADATA = Map.of("format", "pt");

    private RunSnapshot() {}

    /// All files of a checkpoint as they are now, on the thread that runs torch. The copies take as much memory as the weights, their average
    /// and the optimizer's tensors together, until the snapshot is closed.
    public static Snapshot of(Recipe recipe, RunTensors tensors, RunState state, RunFigures figures) {
        var copies = new ArrayList<SafeTensorsCopy>();
        try {
            var files = new LinkedHashMap<String, Content>();
            files.put(CheckpointFiles.RECIPE, Content.of(recipe.canonical()));
            files.put(CheckpointFiles.WORDS, Content.of(RecipeTokenizers.json(tensors.bundle().tokenizer())));
            files.put(CheckpointFiles.WEIGHTS, copied(tensors.bundle().weights().state(), copies));
            if (!tensors.emaWeights().isEmpty()) {
                files.put(CheckpointFiles.AVERAGE, copied(tensors.emaWeights().averages(), copies));
            }
            files.put(CheckpointFiles.OPTIMIZER, copied(tensors.optimizerState().state(), copies));
            files.put(CheckpointFiles.STATE, Content.of(state.text()));
            files.put(CheckpointFiles.TIMES, Content.of(figures.text()));
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
}
