package dev.fusedit.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.trainer.data.audit.AuditPage;
import dev.fusedit.trainer.data.audit.SampleSheet;
import dev.fusedit.trainer.data.audit.SourceReport;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.ImageSource;
import dev.fusedit.trainer.data.source.SourcePlaces;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.RecipeData;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "data",
        description = "Looks at captioned images before they are trained on; prepares published sets; caches what frozen models make of them.",
        subcommands = {DataCommand.Audit.class, DataCommand.Show.class, DataPrepareCommand.class, DataForgetCommand.class,
            DataCacheCommand.class})
final class DataCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.BAD_INPUT;
    }

    /// Decodes all images of a source and reads all captions, on all cores.
    static SourceScan scan(ImageSource source) {
        var progress = ProgressLine.onStderr();
        long began = System.nanoTime();
        return SourceScan.of(source, CaptionRule.usual(source), ImageDecoding.STRICT,
                Runtime.getRuntime().availableProcessors(),
                looked -> progress.update(ProgressLine.Progress.counted("look", looked, source.size(),
                        (System.nanoTime() - began) / 1e9 / looked * (source.size() - looked))));
    }

    @Command(name = "audit",
            description = {
                "Looks at every image and caption of a folder, of tar or Parquet files: what is broken or missing, sizes, lengths, duplicates.",
                "Exit code 1 if a sample cannot be trained on."})
    static final class Audit implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "SOURCE",
                description = {
                    "A folder of images with captions, of tar files or of Parquet files; a tar or Parquet file, or a pattern such as",
                    "'a-{000..199}.tar' or 'data/train-*.parquet'; also 'https://…' and 'pipe:COMMAND'."})
        private String place;

        @Option(names = "--recipe", paramLabel = "RECIPE",
                description = {"Whose tokenizer counts the captions' lengths (default: their bytes),",
                    "and whose aspect-ratio buckets are looked at."})
        private @Nullable String recipe;

        @Mixin
        private PipeOption pipes;

        @Option(names = "--html", paramLabel = "FILE", description = "Write a page with images too.")
        private @Nullable Path html;

        @Option(names = "--force", description = "Replace a file that is there.")
        private boolean force;

        @Option(names = "--json", description = "One object, for programs.")
        private boolean json;

        @Override
        public Integer call() {
            if (html != null) OutputFile.requireFree(html, "--html", force);
            try (var source = SourcePlaces.open(place, pipes.settings())) {
                var report = report(scan(source));
                var out = spec.commandLine().getOut();
                out.println(json ? report.json().toString() : String.join("\n", report.lines()));
                if (html != null) OutputFile.write(html, AuditPage.of(report).getBytes(StandardCharsets.UTF_8));
                return report.scan().problems().isEmpty() ? ExitCode.OK : ExitCode.CHECK_FAILED;
            }
        }

        private SourceReport report(SourceScan scan) {
            if (recipe == null)
                return SourceReport.of(scan, caption -> caption.getBytes(StandardCharsets.UTF_8).length, _ -> false);
            var whole = Recipe.find(recipe, List.of());
            var tokenizer = RecipeTokenizers.of(whole);
            return SourceReport.of(scan, caption -> tokenizer.encode(caption).length,
                    new TextIds(tokenizer, whole.model().llm().maxTokens())::isCut)
                    .withBuckets(RecipeData.buckets(whole, scan.good()));
        }
    }

    @Command(name = "show", description = "Writes a grid of ten images with their captions, and tells what is there.")
    static final class Show implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "SOURCE",
                description = {
                    "A folder of images with captions, of tar files or of Parquet files; a tar or Parquet file, or a pattern such as",
                    "'a-{000..199}.tar' or 'data/train-*.parquet'; also 'https://…' and 'pipe:COMMAND'."})
        private String place;

        @Mixin
        private PipeOption pipes;

        @Option(names = "--out", paramLabel = "FILE", defaultValue = "data.png",
                description = "The grid, as PNG (default: ${DEFAULT-VALUE}).")
        private Path out;

        @Option(names = "--force", description = "Replace a file that is there.")
        private boolean force;

        @Option(names = "--json", description = "One object, for programs.")
        private boolean json;

        @Override
        public Integer call() {
            OutputFile.requireFree(out, "--out", force);
            try (var source = SourcePlaces.open(place, pipes.settings())) {
                var sheet = SampleSheet.of(source, CaptionRule.usual(source));
                OutputFile.write(out, sheet.png());
                if (json) {
                    var told = JsonNodeFactory.instance.objectNode().put("source", place).put("images", source.size()).put("grid",
                            out.toString());
                    sheet.captions().forEach(told.putObject("captions")::put);
                    spec.commandLine().getOut().println(told);
                    return ExitCode.OK;
                }
                spec.commandLine().getOut().println("%s: %,d images".formatted(place, source.size()));
                sheet.captions().forEach((key, caption) -> spec.commandLine().getOut().println("  %s: %s".formatted(key, caption)));
                spec.commandLine().getOut().println(out);
            }
            return ExitCode.OK;
        }
    }
}
