package dev.fusedit.trainer.run;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.recipe.RecipeDifference;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import dev.fusedit.trainer.stage.RunFigures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Where a teacher's training begins: its folder, and what is there already. The folder is locked until this is closed.
///
/// @param checkpoint the newest whole one, which is gone on from
public record TeacherStart(TeacherRecipe recipe, RunFolder folder, Optional<Checkpoint> checkpoint) implements AutoCloseable {
    /// Looks into a folder that a person has named. One that is not there is made.
    ///
    /// @param said told of damaged checkpoints, and of what has changed, in sentences
    /// @throws UserError if the folder is something else's, in use, or of another recipe; or if none of its checkpoints is whole
    public static TeacherStart in(Path place, TeacherRecipe recipe, Resume resume, Consumer<String> said) {
        if (resume == Resume.NO || !RunFolder.isRun(place) || RunFolder.isUntouched(place)) {
            var folder = RunFolder.begin(place, recipe.canonical());
            folder.lock();
            return new TeacherStart(recipe, folder, Optional.empty());
        }
        var folder = RunFolder.open(place);
        var changed = RunStart.changed(place, recipeIn(folder), recipe.canonical(), resume, Set.of());
        folder.lock();
        try {
            var newest = new Checkpoints(folder.checkpoints(), recipe.checkpoints().keep()).newestWhole(said);
            RunStart.tellChanged(place, changed, said);
            if (!changed.isEmpty()) {
                folder.change(recipe.canonical());
            }
            return new TeacherStart(recipe, folder, newest);
        } catch (RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    /// Looks into the folder that a recipe's runs have where nobody names one: the newest unfinished run of this recipe goes on, else another
    /// begins beside it.
    ///
    /// @throws UserError as [#in]
    public static TeacherStart below(Path runs, TeacherRecipe recipe, Resume resume, Consumer<String> said) {
        var place = new RunPlaces(runs, recipe.run().name()).choose(resume,
                run -> RecipeDifference.between(recipeIn(run), recipe.canonical()), said);
        return in(place, recipe, resume, said);
    }

    private static String recipeIn(RunFolder folder) {
        try {
            return Files.readString(folder.recipe());
        } catch (IOException e) {
            throw new UserError("%s cannot be read: %s".formatted(folder.recipe(), e), e);
        }
    }

    /// Steps that are done already; no more than the recipe has.
    long done() { return checkpoint.map(found -> Math.min(found.step(), recipe.learning().steps())).orElse(0L); }

    /// Whether the checkpoint's moments are of the recipe's optimizer.
    boolean ofThisOptimizer() {
        return checkpoint.map(found -> own(found).learning().optimizer().getClass() == recipe.learning().optimizer().getClass())
                .orElse(true);
    }

    /// What earlier processes have cost, and how many images they trained on. A checkpoint that an earlier version wrote tells the latter by
    /// its steps alone.
    RunFigures figures() { return checkpoint.map(this::figures).orElse(RunFigures.NONE); }

    private RunFigures figures(Checkpoint found) {
        return found.has(CheckpointFiles.TIMES) ? RunFigures.of(found)
                : new RunFigures(0, 0, found.step() * own(found).learning().batch(), 0, null);
    }

    /// The recipe that a checkpoint was made by.
    private static TeacherRecipe own(Checkpoint checkpoint) {
        return TeacherRecipe.find(checkpoint.file(CheckpointFiles.RECIPE).toString(), List.of());
    }

    /// Nothing is trained: a folder that was made for it goes again.
    void refused() {
        if (checkpoint.isEmpty()) {
            folder.withdraw();
        }
    }

    @Override
    public void close() { folder.close(); }
}
