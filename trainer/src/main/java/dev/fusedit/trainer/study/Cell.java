package dev.fusedit.trainer.study;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TextFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.eval.suite.EvaluationFile;
import dev.fusedit.trainer.log.ShellWords;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.RecipeDifference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/// One run of a study: an arm at a seed and a learning rate. It is an ordinary run, made by a command that anybody can repeat.
///
/// @param name `joint, seed 3`
/// @param rate that is tuned; empty where none is
/// @param endpoint what it is judged by
/// @param folder of the run
/// @param recipe as it is to be trained
/// @param train words of the command
/// @param measure words of the one after it
/// @param samples that numbers are of; the suites' own if left out
/// @param captioned place that they are of; the built-in data if left out
public record Cell(String name, Arm arm, long seed, OptionalDouble rate, Metric endpoint, Path folder, Recipe recipe,
        ImmutableList<String> train, ImmutableList<String> measure, OptionalInt samples, Optional<Path> captioned) {
    /// Where the measurements are.
    Path evaluation() { return evaluation(folder); }

    static Path evaluation(Path folder) { return folder.resolve("eval"); }

    /// Its numbers, `eval.json`.
    Path numbers() { return evaluation().resolve(EvaluationFile.NAME); }

    /// Whether its numbers are there, of the data and as many samples as the study has. Others, that an `eval` of a person's own left in their
    /// place or that are of another study's file, are measured anew.
    boolean isMeasured() {
        return EvaluationFile.in(evaluation()).filter(found -> found.hasLosses(samples, captioned)).isPresent();
    }

    /// @throws UserError as [#isTrained]
    boolean isDone() { return isTrained() && isMeasured(); }

    /// A mark beside its folder that its training has diverged: of the same recipe it would again. It holds the recipe's hash.
    Path divergence() { return folder.resolveSibling(folder.getFileName() + ".diverged"); }

    boolean hasDiverged() {
        return Files.exists(divergence()) && TextFile.read(divergence(), "a recipe's hash").strip().equals(recipe.hash());
    }

    void noteDivergence() {
        try {
            Files.createDirectories(divergence().toAbsolutePath().getParent());
            WholeFile.write(divergence(), recipe.hash() + "\n");
        } catch (IOException e) {
            throw WriteFailure.of(divergence(), e);
        }
    }

    /// A cell that names its lanes has a thread for each, so that several run side by side without disturbing each other, and alike
    /// wherever they run.
    public ImmutableMap<String, String> environment() {
        return recipe.run().lanes().isEmpty() ? ImmutableMap.of()
                : ImmutableMap.of("OMP_NUM_THREADS", "" + recipe.run().lanes().getAsInt());
    }

    public String trainCommand() { return command(ShellWords.fusedit(train)); }

    public String measureCommand() { return command(ShellWords.fusedit(measure)); }

    /// Both of them.
    String commands() { return trainCommand() + " && " + measureCommand(); }

    /// @param asked of this program
    /// @return with the variables that it is run with
    String command(String asked) {
        return environment().entrySet().stream().map(entry -> entry.getKey() + "=" + entry.getValue() + " ").collect(Collectors.joining())
                + asked;
    }

    /// @throws UserError if the folder holds a finished run of something else
    boolean isTrained() {
        if (!RunFolder.isRun(folder) || !RunFolder.open(folder).isFinished()) return false;
        var found = Recipe.find(RunFolder.open(folder).recipe().toString(), List.of());
        var wanted = recipe.adopting(found);
        var changed = RecipeDifference.between(found, train.contains("--minutes") ? wanted.scaledAs(found).orElse(wanted) : wanted);
        if (changed.isEmpty()) return true;
        throw new UserError(
                "%s holds a run of another recipe than the study's. Changed since:%n%s%nDelete it, or give another --out".formatted(
                        folder, changed.stream().map(difference -> "  " + difference).collect(Collectors.joining("\n"))));
    }
}
