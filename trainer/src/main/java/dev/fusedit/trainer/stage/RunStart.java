package dev.fusedit.trainer.stage;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.RecipeDifference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Where a run begins: its folder, and what is there already. The folder is locked, so that no two processes train in it, until the
/// folder is closed.
public sealed interface RunStart extends AutoCloseable {
    RunFolder folder();

    /// What is trained, nothing of it left to the machine: what the recipe leaves open is as the run in the folder has it, or was decided now.
    Recipe recipe();

    /// Nothing is there.
    record Fresh(RunFolder folder, Recipe recipe) implements RunStart {}

    /// A run that was stopped or killed.
    ///
    /// @param checkpoint the newest whole one; null for a run that had saved nothing yet: it begins anew
    /// @param changed what the recipe says otherwise than the run's own
    record GoingOn(RunFolder folder, Recipe recipe, @Nullable Checkpoint checkpoint, List<RecipeDifference> changed) implements RunStart {}

    /// A run of the same recipe that has come to its end.
    record Finished(RunFolder folder, Recipe recipe) implements RunStart {}

    @Override
    default void close() { folder().close(); }

    /// Looks into a folder that a person has named. One that is not there is made.
    ///
    /// @param given may leave settings to the machine
    /// @param said told of damaged checkpoints, and of what is ignored, in sentences
    /// @param settled decides what a new run's recipe leaves to the machine, and may refuse it; nothing is written before
    /// @throws UserError if the folder is something else's, in use, or of another recipe; or if none of its checkpoints is whole
    static RunStart in(Path folder, Recipe given, Resume resume, Consumer<String> said, UnaryOperator<Recipe> settled) {
        if (resume == Resume.NO || !RunFolder.isRun(folder)) {
            var recipe = settled.apply(given);
            return locked(new Fresh(RunFolder.create(folder, recipe.canonical()), recipe));
        }
        var run = RunFolder.open(folder);
        var before = recipeOf(run);
        var recipe = AutoSettings.settle(given.adopting(before));
        var changed = RecipeDifference.between(before.adopting(recipe), recipe);
        if (!changed.isEmpty() && resume == Resume.AUTO) {
            throw new UserError(
                    "%s holds a run of another recipe. Changed since:%n%s%nGive another --out, or take the change into that run by --resume force"
                            .formatted(folder, lines(changed)));
        }
        if (run.isFinished() && changed.isEmpty()) {
            return new Finished(run, recipe);
        }
        run.lock();
        try {
            var checkpoint = new Checkpoints(run.checkpoints(), recipe.checkpoints().keep()).newestWhole(said).orElse(null);
            if (!changed.isEmpty()) {
                said.accept("The run in %s goes on under a changed recipe; ignored is that%n%s".formatted(folder, lines(changed)));
            }
            if (!changed.isEmpty() || !before.run().isSettled()) {
                run.change(recipe.canonical());
            }
            return new GoingOn(run, recipe, checkpoint, changed);
        } catch (RuntimeException e) {
            run.close();
            throw e;
        }
    }

    /// Looks into the folder that a recipe's runs have where nobody names one: `NAME` below `runs`, then `NAME-2`, `NAME-3` and so on. If
    /// the newest of them is an unfinished run of this recipe, it is gone on with; else the run gets the next number.
    ///
    /// @param settled as in [#in]
    /// @throws UserError as [#in]
    static RunStart below(Path runs, Recipe recipe, Resume resume, Consumer<String> said, UnaryOperator<Recipe> settled) {
        var next = runs.resolve(recipe.run().name());
        Path newest = null;
        for (int i = 2; Files.exists(next); i++) {
            newest = next;
            next = runs.resolve(recipe.run().name() + "-" + i);
        }
        if (newest == null || resume == Resume.NO || !RunFolder.isRun(newest)) {
            return in(next, recipe, resume, said, settled);
        }
        var run = RunFolder.open(newest);
        if (resume == Resume.FORCE) {
            return in(newest, recipe, resume, said, settled);
        }
        if (run.isFinished()) {
            return in(next, recipe, resume, said, settled);
        }
        var before = recipeOf(run);
        var adopted = recipe.adopting(before);
        var changed = RecipeDifference.between(before.adopting(adopted), adopted);
        if (changed.isEmpty()) {
            return in(newest, recipe, resume, said, settled);
        }
        said.accept(
                "The unfinished run in %s is of another recipe, so a new one begins. Changed since:%n%s".formatted(newest, lines(changed)));
        return in(next, recipe, resume, said, settled);
    }

    private static RunStart locked(RunStart start) {
        start.folder().lock();
        return start;
    }

    private static Recipe recipeOf(RunFolder run) {
        try {
            return Recipe.parse(Files.readString(run.recipe()), run.recipe().toString(), List.of());
        } catch (IOException e) {
            throw new UserError("%s cannot be read: %s".formatted(run.recipe(), e), e);
        }
    }

    private static String lines(List<RecipeDifference> changed) {
        return changed.stream().map(difference -> "  " + difference).collect(Collectors.joining(System.lineSeparator()));
    }
}
