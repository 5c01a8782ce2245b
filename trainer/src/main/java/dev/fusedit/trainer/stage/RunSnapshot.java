package dev.fusedit.trainer.stage;

import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.ReferencesFile;
import dev.fusedit.trainer.checkpoint.Snapshot;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.model.TextConfigs;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/// A run at the end of a step, as [CheckpointFiles] hold it.
public final class RunSnapshot {
    private RunSnapshot() {}

    /// All files of a checkpoint as they are now.
    ///
    /// @param remembered puts in what average and optimizer remember, of all processes: [#gathered] or [#written]
    /// @param references to files that hold what the checkpoint does not
    public static Snapshot of(Recipe recipe, RunTensors tensors, Consumer<SnapshotFiles> remembered, RunState state, RunFigures figures,
            ReferencesFile references, Batches data) {
        return SnapshotFiles.of(files -> {
            files.text(CheckpointFiles.RECIPE, recipe.canonical());
            files.put(CheckpointFiles.WORDS, RecipeTokenizers.content(tensors.bundle().tokenizer()));
            TextConfigs.json(recipe.model(), tensors.bundle().model().llm().config())
                    .ifPresent(json -> files.text(CheckpointFiles.LLM, json));
            files.tensors(CheckpointFiles.WEIGHTS, tensors.state(recipe));
            remembered.accept(files);
            if (!references.isEmpty()) {
                files.put(CheckpointFiles.REFERENCES, references);
            }
            DataMark.of(data).ifPresent(mark -> files.text(CheckpointFiles.DATA, mark.text()));
            files.text(CheckpointFiles.STATE, state.text());
            files.text(CheckpointFiles.TIMES, figures.text());
        });
    }

    /// What lies in this process.
    public static Consumer<SnapshotFiles> gathered(RunTensors.Remembered remembered) {
        return files -> {
            if (!remembered.averages().isEmpty()) {
                files.tensors(CheckpointFiles.AVERAGE, remembered.averages());
            }
            files.tensors(CheckpointFiles.OPTIMIZER, remembered.moments());
        };
    }

    /// What each process has written itself.
    ///
    /// @param folder in which it is
    public static Consumer<SnapshotFiles> written(Path folder, RankFiles all) {
        return files -> {
            all.index(CheckpointFiles.AVERAGE).ifPresent(index -> files.text(CheckpointFiles.index(CheckpointFiles.AVERAGE), index));
            all.index(CheckpointFiles.OPTIMIZER).ifPresentOrElse(
                    index -> files.text(CheckpointFiles.index(CheckpointFiles.OPTIMIZER), index),
                    () -> files.tensors(CheckpointFiles.OPTIMIZER, Map.of()));
            files.parts(all.parts(folder));
        };
    }
}
