package dev.fusedit.cli;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Recipes;
import dev.fusedit.trainer.recipe.ReferenceRecipe;
import dev.fusedit.trainer.recipe.Training;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Which recipe a command is about, and what is changed in it.
final class RecipeChoice {
    @ArgGroup(multiplicity = "1")
    private Source source;

    @Option(names = "--set", paramLabel = "KEY=VALUE",
            description = "Change a value of the recipe: stages.joint.learning_rate.llm=1e-5. May be repeated.")
    private List<String> settings = List.of();

    static final class Source {
        @Parameters(paramLabel = "RECIPE", completionCandidates = RecipeNames.class, description = "A recipe's name, such as quickstart, or a YAML file.")
        private @Nullable String recipe;

        @Option(names = "--reference-config", paramLabel = "FILE",
                description = "A configuration file of the paper's reference, in place of a recipe.")
        private @Nullable Path referenceConfig;
    }

    /// The recipe of a model, with what is to know about a reference's file as notes on `err`.
    ///
    /// @throws UserError for a recipe of a teacher
    Recipe read(PrintWriter err) {
        return switch (any(err)) {
            case Training.OfModel(var recipe) -> recipe;
            case Training.OfTeacher(var recipe) -> throw new UserError(
                    "recipe '%s' trains a teacher, and this command is about models that generate images".formatted(recipe.run().name()));
        };
    }

    /// The recipe of either kind, with what is to know about a reference's file as notes on `err`.
    Training any(PrintWriter err) {
        if (source.recipe != null) {
            return Training.find(source.recipe, settings);
        }
        var read = ReferenceRecipe.read(file(), settings);
        read.notes().forEach(note -> err.println("note: " + note));
        return new Training.OfModel(read.recipe());
    }

    /// The text as it was written by a person; null if it is changed or is no recipe's.
    @Nullable
    String text() { return source.recipe == null || !settings.isEmpty() ? null : Recipes.find(source.recipe).text(); }

    /// The choice as words of a command line, without the settings.
    List<String> words() {
        return source.recipe != null ? List.of(source.recipe) : List.of("--reference-config", file().toString());
    }

    List<String> settings() { return settings; }

    /// What messages call it.
    String name() { return source.recipe != null ? source.recipe : file().toString(); }

    private Path file() { return Objects.requireNonNull(source.referenceConfig); }
}
