package dev.fusedit.trainer.run;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.References;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.RecipeDifference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Where a run begins: its folder, and what is there already. The folder is locked, so that no two processes train in it, until the
/// folder is closed.
public sealed interface RunStart extends AutoCloseable {
    RunFolder folder();

    /// How much is trained.
    ///
    /// @throws IllegalArgumentException if the run is finished
    RunLength length();

    /// Nothing is there.
    ///
    /// @param length of what is trained; nothing of its recipe is left to the machine, nor in [GoingOn]
    record Fresh(RunFolder folder, RunLength length) implements RunStart {}

    /// A run that was stopped or killed.
    ///
    /// @param checkpoint the newest whole one; null for a run that had saved nothing yet: it begins anew
    record GoingOn(RunFolder folder, RunLength length, @Nullable Checkpoint checkpoint) implements RunStart {}

    /// A run of the same recipe that has come to its end.
    record Finished(RunFolder folder) implements RunStart {
        @Override
        public RunLength length() { throw new IllegalArgumentException(folder.folder() + " is finished"); }
    }

    /// Nothing is trained: a folder that was made for it goes again.
    default void refused() {
        switch (this) {
            case Fresh fresh -> fresh.folder().withdraw();
            case GoingOn _ -> {}
            case Finished _ -> {}
        }
    }

    @Override
    default void close() { folder().close(); }

    /// Looks into a folder that a person has named. One that is not there is made.
    ///
    /// @param given may leave settings to the machine: they are as the run in the folder has them, or are decided now
    /// @param said told of damaged checkpoints, and of what has changed, in sentences
    /// @param prepared decides what is left to the machine, and may refuse a recipe; nothing is written before
    /// @throws UserError if the folder is something else's, in use, or of another recipe; or if none of its checkpoints is whole
    static RunStart in(Path folder, Recipe given, Resume resume, Consumer<String> said, Function<Recipe, RunLength> prepared) {
        if (resume == Resume.NO || !RunFolder.isRun(folder) || RunFolder.isUntouched(folder)) {
            var length = prepared.apply(given);
            return locked(new Fresh(RunFolder.begin(folder, length.recipe().canonical()), length));
        }
        var run = RunFolder.open(folder);
        var before = recipeOf(run);
        var adopted = given.adopting(before);
        var changed = changed(folder, before.adopting(adopted).canonical(), adopted.canonical(), resume, movable(run));
        if (run.isFinished() && changed.stream().allMatch(difference -> movable(run).contains(difference.key()))) {
            return new Finished(run);
        }
        var length = prepared.apply(adopted);
        run.lock();
        try {
            var checkpoint = new Checkpoints(run.checkpoints(), given.checkpoints().keep()).newestWhole(said).orElse(null);
            tellChanged(folder, changed, said);
            if (!length.recipe().equals(before)) {
                run.change(length.recipe().canonical());
            }
            return new GoingOn(run, length, checkpoint);
        } catch (RuntimeException e) {
            run.close();
            throw e;
        }
    }

    /// Looks into the folder that a recipe's runs have where nobody names one: `NAME` below `runs`, then `NAME-2`, `NAME-3` and so on. If
    /// the newest of them is an unfinished run of this recipe, it is continued; else the run gets the next number.
    ///
    /// @param prepared as in [#in]
    /// @throws UserError as [#in]
    static RunStart below(Path runs, Recipe recipe, Resume resume, Consumer<String> said, Function<Recipe, RunLength> prepared) {
        var place = new RunPlaces(runs, recipe.run().name()).choose(resume, run -> {
            var before = recipeOf(run);
            var adopted = recipe.adopting(before);
            var changed = RecipeDifference.between(before.adopting(adopted), adopted);
            return changed.stream().allMatch(difference -> movable(run).contains(difference.key())) ? List.of() : changed;
        }, said);
        return in(place, recipe, resume, said, prepared);
    }

    // ---- runs of so many minutes

    /// The recipe, scaled as that of the run in a folder if that was scaled to so many minutes: a run that goes on keeps its steps,
    /// whatever this machine's speed is today. Whatever else differs between the two still does in what comes back.
    ///
    /// @return empty if there is no such run, or none is to be continued
    /// @throws UserError if the run's recipe cannot be read
    static Optional<Recipe> scaledIn(Path folder, Recipe recipe, double minutes, Resume resume) {
        if (resume == Resume.NO || !RunFolder.isRun(folder)) {
            return Optional.empty();
        }
        var own = recipeOf(RunFolder.open(folder));
        return Objects.equals(own.run().minutes(), minutes) ? recipe.scaledAs(own) : Optional.empty();
    }

    /// The same of the newest of the runs that [#below] looks through, unless it is finished.
    ///
    /// @throws UserError as [#scaledIn]
    static Optional<Recipe> scaledBelow(Path runs, Recipe recipe, double minutes, Resume resume) {
        var newest = new RunPlaces(runs, recipe.run().name()).newest();
        if (newest == null || !RunFolder.isRun(newest) || RunFolder.open(newest).isFinished()) {
            return Optional.empty();
        }
        return scaledIn(newest, recipe, minutes, resume);
    }

    // ---- folders

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

    /// Keys that may name another place when a run goes on: what is there is known again by what the newest checkpoint says of it.
    private static Set<String> movable(RunFolder run) {
        var newest = new Checkpoints(run.checkpoints(), 1).newest();
        var keys = new HashSet<String>();
        newest.ifPresent(checkpoint -> References.in(checkpoint).files().forEach(file -> keys.add(file.key())));
        if (!keys.isEmpty()) {
            keys.add("weights.tokenizer"); // checkpoints hold it
        }
        keys.add("cache.folder"); // what is there is known by what it is made of
        keys.add("logging.hook"); // it looks on
        return keys;
    }

    /// What a recipe says otherwise than that of the run which a folder holds. Both are in their canonical form.
    ///
    /// @param movable keys whose values don't make it another recipe
    /// @throws UserError if it says anything else otherwise, and that is not to be taken into the run
    static List<RecipeDifference> changed(Path folder, String before, String now, Resume resume, Set<String> movable) {
        var changed = RecipeDifference.between(before, now);
        var another = changed.stream().filter(difference -> !movable.contains(difference.key())).toList();
        if (!another.isEmpty() && resume == Resume.AUTO) {
            throw new UserError(
                    "%s holds a run of another recipe. Changed since:%n%s%nGive another --out, or take the change into that run by --resume force"
                            .formatted(folder, RunPlaces.lines(another)));
        }
        return changed;
    }

    static void tellChanged(Path folder, List<RecipeDifference> changed, Consumer<String> said) {
        if (!changed.isEmpty()) {
            said.accept(
                    "The run in %s goes on under the recipe as it is now. Changed since:%n%s".formatted(folder, RunPlaces.lines(changed)));
        }
    }
}
