package dev.fusedit.cli;

import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.log.ScoreTable;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.Interrupts;
import dev.fusedit.trainer.stage.TrainingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "train", description = "Trains a model by a recipe, draws and scores pictures with it.")
final class TrainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RECIPE", description = "A recipe's name, such as quickstart, or a YAML file.")
    private String recipe;

    @Option(names = "--out", paramLabel = "DIR",
            description = "Where to leave what is made; must be new or empty. Default: runs/RECIPE, with a number if need be.")
    private @Nullable Path out;

    @Option(names = "--set", paramLabel = "KEY=VALUE",
            description = "Change a value of the recipe: stages.joint.learning_rate.llm=1e-5. May be repeated.")
    private List<String> settings = List.of();

    @Option(names = "--minutes", paramLabel = "N",
            description = "Make all stages longer or shorter, so that the whole takes about N minutes.")
    private @Nullable Double minutes;

    @Override
    public Integer call() {
        var read = Recipe.find(recipe, settings);
        var chosen = minutes == null ? read : read.withMinutes(minutes);
        var folder = RunFolder.create(out != null ? out : unusedFolder(chosen.run().name()), chosen.canonical());
        var console = ProgressLine.onStderr();
        try (var interrupts = Interrupts.watch(() -> console.message("Stopping after this step and saving. Once more to stop at once."));
                var run = new TrainingRun(chosen, folder, interrupts, console)) {
            console.message("Training '%s' in %s".formatted(chosen.run().name(), folder.folder()));
            var result = run.run();
            console.close();
            var stdout = spec.commandLine().getOut();
            stdout.println(ScoreTable.text(result.blocks()));
            stdout.println(
                    "%.0f s, %.1f images/s, %.0f MiB at most".formatted(result.seconds(), result.imagesPerSecond(), result.peakMib()));
            stdout.println("Pictures: " + folder.samples());
            stdout.println("Draw more: ./fusedit sample --model %s --prompt \"a red circle above a blue square\" -n 4 --out pictures.png"
                    .formatted(folder.folder()));
            return ExitCode.OK;
        }
    }

    /// runs/NAME, or runs/NAME-2 and so on.
    private static Path unusedFolder(String name) {
        var folder = Path.of("runs", name);
        for (int i = 2; Files.exists(folder); i++) {
            folder = Path.of("runs", name + "-" + i);
        }
        return folder;
    }
}
