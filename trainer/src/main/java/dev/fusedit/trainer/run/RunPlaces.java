package dev.fusedit.trainer.run;

import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.recipe.RecipeDifference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The folders that a recipe's runs have where nobody names one: `NAME` below `runs`, then `NAME-2`, `NAME-3` and so on.
record RunPlaces(Path runs, String name) {
    /// The newest of them if that is an unfinished run of this recipe, or is to be gone on with whatever it is; else the first that is free.
    ///
    /// @param changed what makes the recipe another than that of a run which is there; nothing if it is the same
    /// @param said told why a run that is there is not gone on with
    Path choose(Resume resume, Function<RunFolder, List<RecipeDifference>> changed, Consumer<String> said) {
        var newest = newest();
        if (newest == null || resume == Resume.NO || !RunFolder.isRun(newest)) return next();
        if (resume == Resume.FORCE) return newest;
        var run = RunFolder.open(newest);
        if (run.isFinished()) return next();
        var differences = changed.apply(run);
        if (differences.isEmpty()) return newest;
        said.accept("The unfinished run in %s is of another recipe, so a new one begins. Changed since:%n%s".formatted(newest,
                lines(differences)));
        return next();
    }

    /// The last before the first that is free; null if that is `NAME`.
    @Nullable
    Path newest() { return folders().takeWhile(Files::exists).reduce((_, later) -> later).orElse(null); }

    private Path next() { return folders().filter(folder -> !Files.exists(folder)).findFirst().orElseThrow(); }

    private Stream<Path> folders() {
        return Stream.concat(Stream.of(runs.resolve(name)), IntStream.iterate(2, i -> i + 1).mapToObj(i -> runs.resolve(name + "-" + i)));
    }

    static String lines(List<RecipeDifference> changed) {
        return changed.stream().map(difference -> "  " + difference).collect(Collectors.joining(System.lineSeparator()));
    }
}
