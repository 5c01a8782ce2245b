package dev.fusedit.cli;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.compare.ComparedImages;
import dev.fusedit.trainer.compare.Comparison;
import dev.fusedit.trainer.compare.ComparisonJson;
import dev.fusedit.trainer.compare.ComparisonPage;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.log.TextTable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "compare",
        description = {"Puts runs side by side: what differs between their recipes, what they took, losses and scores.",
            "With --html also their curves over each other, and what they draw for the same prompts from the same noise."})
final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RUN", arity = "1..*", description = "Folders of runs; they need not be at their end.")
    private List<Path> folders;

    @Option(names = "--html", paramLabel = "FILE", description = "Write a page with curves and images too.")
    private @Nullable Path html;

    @Option(names = "--prompt-file", paramLabel = "FILE",
            description = "What the page's images are asked for by, a prompt a line. Default: the first run's own.")
    private @Nullable Path prompts;

    @Option(names = "--no-images", description = "Sample nothing for the page.")
    private boolean noImages;

    @Option(names = "--force", description = "Replace a file that is there.")
    private boolean force;

    @Option(names = "--json", description = "One object, for programs.")
    private boolean json;

    @Override
    public Integer call() {
        if (html == null && (prompts != null || noImages))
            throw new UserError(
                    "compare: %s says what a page shows. Give --html too".formatted(noImages ? "--no-images" : "--prompt-file"));
        if (noImages && prompts != null) throw new UserError("compare: --no-images leaves nothing to do for --prompt-file");
        if (html != null) OutputFile.requireFree(html, "--html", force);
        var comparison = Comparison.of(folders);
        if (html != null) OutputFile.write(html, page(comparison).getBytes(StandardCharsets.UTF_8));
        spec.commandLine().getOut().println(json ? ComparisonJson.of(comparison).toString() : text(comparison));
        return ExitCode.OK;
    }

    private String page(Comparison comparison) {
        return ComparisonPage.of(comparison, noImages ? Optional.empty()
                : Optional.of(ComparedImages.of(comparison.runs(), prompts, ProgressLine.onStderr())));
    }

    private static String text(Comparison comparison) {
        var differences = comparison.differences();
        var scores = comparison.scores();
        var suites = comparison.suites();
        var evaluations = comparison.evaluations();
        return (differences.size() > 1 ? table(differences) : "Their recipes are the same.\n") + "\n" + table(comparison.quantities())
                + (scores.size() > 1 ? "\n" + table(scores) : "") + (suites.size() > 1 ? "\n" + table(suites) : "")
                + (evaluations.size() > 1 ? "\n" + table(evaluations) : "");
    }

    private static String table(List<List<String>> rows) { return TextTable.of(rows).text(); }
}
