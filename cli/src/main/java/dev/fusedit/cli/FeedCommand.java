package dev.fusedit.cli;

import dev.fusedit.trainer.bench.feed.FeedBench;
import dev.fusedit.trainer.bench.feed.FeedOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "feed",
        description = {"Tells how fast a recipe's data comes: batches are made as for training, and nothing is trained.",
            "Also when its first batch is there, from any step on, and whether memory stays as it is."})
final class FeedCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RecipeChoice choice;

    @Mixin
    private PipeOption pipes;

    @Option(names = "--images", paramLabel = "N", defaultValue = "4000", description = "That count (default: ${DEFAULT-VALUE}).")
    private long images;

    @Option(names = "--warm-up", paramLabel = "N", defaultValue = "1000",
            description = "Before them, while Java compiles its loops (default: ${DEFAULT-VALUE}).")
    private long warmUp;

    @Option(names = "--from", paramLabel = "STEP", defaultValue = "0",
            description = "Begin with this step of the first stage with images, as a run that is resumed there (default: ${DEFAULT-VALUE}).")
    private long from;

    @Option(names = "--json", description = "One object.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        var recipe = choice.read(spec.commandLine().getErr());
        var options = new FeedOptions(images, warmUp, from);
        return BenchCommand.stoppable(spec, console -> {
            Path errors = Files.createTempFile("fusedit-", ".jsonl");
            try {
                var result = FeedBench.run(recipe, options, pipes.pipes(), errors, console::message, console);
                var out = spec.commandLine().getOut();
                out.println(json ? result.json().toString() : result.toString());
                return ExitCode.OK;
            } finally {
                Files.deleteIfExists(errors);
            }
        });
    }
}
