package dev.fusedit.trainer.stage;

import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.ReferencesFile;
import dev.fusedit.trainer.checkpoint.Snapshot;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.model.TextConfigs;
import dev.fusedit.trainer.recipe.Recipe;

/// A run at the end of a step, as [CheckpointFiles] hold it.
public final class RunSnapshot {
    private RunSnapshot() {}

    /// All files of a checkpoint as they are now.
    ///
    /// @param remembered by average and optimizer, of all processes
    /// @param references to files that hold what the checkpoint does not
    public static Snapshot of(Recipe recipe, RunTensors tensors, RunTensors.Remembered remembered, RunState state, RunFigures figures,
            ReferencesFile references,
            Batches data) {
        return SnapshotFiles.of(files -> {
            files.text(CheckpointFiles.RECIPE, recipe.canonical());
            files.put(CheckpointFiles.WORDS, RecipeTokenizers.content(tensors.bundle().tokenizer()));
            TextConfigs.json(recipe.model(), tensors.bundle().model().llm().config())
                    .ifPresent(json -> files.text(CheckpointFiles.LLM, json));
            files.tensors(CheckpointFiles.WEIGHTS, tensors.state(recipe));
            if (!remembered.averages().isEmpty()) {
                files.tensors(CheckpointFiles.AVERAGE, remembered.averages());
            }
            files.tensors(CheckpointFiles.OPTIMIZER, remembered.moments());
            if (!references.isEmpty()) {
                files.put(CheckpointFiles.REFERENCES, references);
            }
            DataMark.of(data).ifPresent(mark -> files.text(CheckpointFiles.DATA, mark.text()));
            files.text(CheckpointFiles.STATE, state.text());
            files.text(CheckpointFiles.TIMES, figures.text());
        });
    }
}
