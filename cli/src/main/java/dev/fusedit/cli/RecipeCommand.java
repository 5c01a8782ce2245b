package dev.fusedit.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.trainer.recipe.NamedFiles;
import dev.fusedit.trainer.recipe.RecipeSchema;
import dev.fusedit.trainer.recipe.Recipes;
import dev.fusedit.trainer.recipe.Stage;
import dev.fusedit.trainer.recipe.Training;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "recipe", description = "Lists, shows and checks recipes.",
        subcommands = {RecipeCommand.Listing.class, RecipeCommand.Show.class, RecipeCommand.Check.class, RecipeCommand.Schema.class,
            NewRecipeCommand.class})
final class RecipeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.BAD_INPUT;
    }

    @Command(name = "list", description = "Lists the recipes that have names.")
    static final class Listing implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Option(names = "--json", description = "One object, for programs.")
        private boolean json;

        @Override
        public Integer call() {
            if (json) {
                var summaries = JsonNodeFactory.instance.objectNode();
                Recipes.names().forEach(name -> summaries.put(name, Recipes.summary(name)));
                spec.commandLine().getOut().println(summaries);
                return ExitCode.OK;
            }
            int width = Recipes.names().stream().mapToInt(String::length).max().orElse(0);
            for (var name : Recipes.names()) {
                spec.commandLine().getOut().println("%s  %s".formatted(name + " ".repeat(width - name.length()), Recipes.summary(name)));
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "show",
            description = "Prints a recipe: as it is written, or, if --set changes it or it is the reference's, as short as it can be "
                    + "written.")
    static final class Show implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Mixin
        private RecipeChoice choice;

        @Option(names = "--full", description = "With every default spelled out.")
        private boolean full;

        @Override
        public Integer call() {
            var recipe = choice.any(spec.commandLine().getErr()); // one that is wrong is not shown
            var written = choice.text();
            spec.commandLine().getOut().println((full ? recipe.canonical() : written != null ? written : recipe.brief()).strip());
            return ExitCode.OK;
        }
    }

    @Command(name = "check",
            description = "Says whether a recipe is right, and whether what it names is there; exits 2 if something is wrong.")
    static final class Check implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Mixin
        private RecipeChoice choice;

        @Option(names = "--json", description = "One object, for programs.")
        private boolean json;

        @Override
        public Integer call() {
            var training = choice.any(spec.commandLine().getErr());
            var stages = switch (training) {
                case Training.OfModel(var recipe) -> recipe.stages().stream().map(Check::stage).collect(Collectors.joining(", "));
                case Training.OfTeacher(var recipe) -> "a teacher (" + recipe.learning().steps() + " steps)";
            };
            var missing = switch (training) {
                case Training.OfModel(var recipe) -> missing(NamedFiles.of(recipe));
                case Training.OfTeacher _ -> List.<String>of();
            };
            var stdout = spec.commandLine().getOut();
            if (json) {
                var told = JsonNodeFactory.instance.objectNode().put("recipe", choice.name()).put("stages", stages);
                missing.forEach(told.putArray("missing")::add);
                stdout.println(told);
                return ExitCode.OK;
            }
            stdout.println("%s is a recipe: %s".formatted(choice.name(), stages));
            if (!missing.isEmpty()) stdout.println("It can be planned, but not trained here:\n  " + String.join("\n  ", missing));
            return ExitCode.OK;
        }

        private static List<String> missing(NamedFiles files) {
            files.requireRight();
            return files.missing();
        }

        private static String stage(Stage stage) {
            return stage.name() + " (" + (stage.steps() != null ? stage.steps() + " steps" : stage.epochs() + " epochs") + ")";
        }
    }

    @Command(name = "schema", description = "Prints the JSON schema of recipes, for editors.")
    static final class Schema implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Override
        public Integer call() {
            spec.commandLine().getOut().println(RecipeSchema.json());
            return ExitCode.OK;
        }
    }
}
