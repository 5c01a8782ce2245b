package dev.fusedit.cli;

import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.stage.Painter;
import dev.fusedit.trainer.stage.SampledPictures;
import dev.fusedit.trainer.stage.SavedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "sample", description = "Draws pictures from prompts with a trained model.")
final class SampleCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = "A run's folder, one of its checkpoints, or an exported model.")
    private Path model;

    @ArgGroup(multiplicity = "1")
    private Prompts prompts;

    /// One of both.
    static final class Prompts {
        @Option(names = "--prompt", required = true, paramLabel = "TEXT", description = "What to draw. May be repeated.")
        private @Nullable List<String> texts;

        @Option(names = "--prompts", required = true, paramLabel = "FILE", description = "A file with a prompt a line.")
        private @Nullable Path file;
    }

    @Option(names = "-n", defaultValue = "1", paramLabel = "K", description = "Pictures a prompt (default: ${DEFAULT-VALUE}).")
    private int each;

    @Option(names = "--seed", defaultValue = "0", paramLabel = "S",
            description = "Of the noise: the same seed draws the same pictures (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--steps", paramLabel = "N", description = "Steps from noise to picture. Default: the recipe's.")
    private @Nullable Integer steps;

    @Option(names = "--guidance", paramLabel = "G",
            description = "How much more than without the text; 1 is no guidance. Default: the recipe's.")
    private @Nullable Double guidance;

    @Option(names = "--out", required = true, paramLabel = "PATH",
            description = "A file that ends in .png for all pictures in one grid, or a folder for one file a picture and prompts.jsonl.")
    private Path out;

    @Override
    public Integer call() {
        check(each >= 1, "-n must be at least 1, not " + each);
        check(steps == null || steps >= 1, "--steps must be at least 1, not " + steps);
        check(guidance == null || guidance >= 1, "--guidance must be at least 1, not " + guidance);
        var texts = prompts.texts != null ? prompts.texts : lines(prompts.file);
        SampledPictures.requireWritable(out);
        try (var _ = TensorScope.open(); var loaded = SavedModel.load(model)) {
            var recipe = loaded.recipe();
            var painter = Painter.of(recipe, loaded.trainee(), steps != null ? steps : recipe.sampling().steps(),
                    guidance != null ? guidance : recipe.sampling().guidance());
            warnOfUnknownWords(texts, loaded);
            SampledPictures.draw(painter, texts, each, seed).write(out);
            spec.commandLine().getOut().println(out);
            return ExitCode.OK;
        }
    }

    private void check(boolean fine, String otherwise) {
        if (!fine) throw new ParameterException(spec.commandLine(), otherwise);
    }

    private void warnOfUnknownWords(List<String> texts, SavedModel.Loaded loaded) {
        var unknown = texts.stream().flatMap(text -> loaded.trainee().tokenizer().unknown(text).stream()).distinct().toList();
        if (!unknown.isEmpty()) {
            spec.commandLine().getErr().println("The model has never read: " + String.join(", ", unknown));
        }
    }

    private static List<String> lines(Path file) {
        try {
            var lines = Files.readAllLines(file).stream().map(String::strip).filter(line -> !line.isEmpty()).toList();
            if (lines.isEmpty()) throw new UserError("%s has no prompt: write one a line".formatted(file));
            return lines;
        } catch (IOException e) {
            throw new UserError(
                    "the prompts in %s cannot be read: %s".formatted(file, Files.exists(file) ? e.getMessage() : "no such file"), e);
        }
    }
}
