package dev.fusedit.trainer.study;

import dev.fusedit.torch.io.TextFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.log.ShellWords;
import dev.fusedit.trainer.stage.RunFigures;
import dev.fusedit.trainer.stage.RunMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A study's result, as far as it is, as a folder that others read: `index.md`, a page of plain words, tables and plots; `table.csv`, a row
/// for each cell; `table.json`; `study.yaml`, the study's file as it was given. Commands name the places that a study has unless a person says
/// otherwise, whatever this one had.
///
/// `words.md` in the folder is a person's own: what of it stands there is put into the page, and stays.
public final class StudyPublication {
    /// Where studies' files lie for a reader.
    private static final Path STUDIES = Path.of("recipes", "studies");
    private static final String WORDS = "words.md";
    private static final List<String> PLOTS = List.of("endpoint", "differences", "validation-flow-by-flops", "validation-flow-by-seconds");

    private StudyPublication() {}

    /// @param folder made if it is not there
    /// @throws dev.fusedit.torch.UserError if it cannot be written
    public static void write(StudyResult result, Path folder) {
        try {
            Files.createDirectories(folder.resolve("plots"));
            var plots = new ArrayList<String>();
            for (var plot : StudyPlots.of(result).entrySet()) {
                if (!PLOTS.contains(plot.getKey())) continue;
                plots.add(plot.getKey());
                WholeFile.write(folder.resolve("plots").resolve(plot.getKey() + ".png"), plot.getValue().image().png());
            }
            WholeFile.write(folder.resolve("study.yaml"), TextFile.read(result.study().source(), "a study"));
            WholeFile.write(folder.resolve("table.csv"), StudyFiles.csv(result, cell -> commands(result.study(), cell)));
            WholeFile.write(folder.resolve("table.json"),
                    StudyJson.of(result, cell -> commands(result.study(), cell)).toPrettyString() + "\n");
            WholeFile.write(folder.resolve("index.md"), page(result, folder, plots));
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }

    /// As a reader types them, in this program's folder.
    static String commands(Study study, Cell cell) {
        var folder = Study.usualOut(study.file()).resolve(study.out().relativize(cell.folder()));
        var places = Map.of(study.base(), study.baseIn(STUDIES), cell.folder().toString(), folder.toString(), cell.evaluation().toString(),
                Cell.evaluation(folder).toString());
        return Stream.of(cell.train(), cell.measure())
                .map(words -> cell.command(ShellWords.published(words.stream().map(word -> places.getOrDefault(word, word)).toList())))
                .collect(Collectors.joining(" && "));
    }

    private static String page(StudyResult result, Path folder, List<String> plots) throws IOException {
        var file = result.study().file();
        var page = new StringBuilder("# Study %s: %s\n\n".formatted(file.name(), file.question()));
        page.append(state(result)).append("\n\n");
        for (var sentence : sentences(result)) page.append("- ").append(sentence).append('\n');
        for (var note : result.notes()) page.append("- **").append(note).append("**\n");
        if (Files.exists(folder.resolve(WORDS))) page.append('\n').append(Files.readString(folder.resolve(WORDS)).strip()).append('\n');
        page.append(
                "\nEndpoint: %s, %s is better; floor %s. Budget: %s. Reference: %s. Seeds: %s. What the numbers are and when an arm is called "
                        .formatted(result.metric().label(), result.metric().better() == Metric.Better.LOWER ? "lower" : "higher",
                                Figures.text(file.endpoint().least()), file.budget().text(), result.study().reference().name(),
                                file.seeds().stream().map(String::valueOf).collect(Collectors.joining(", "))))
                .append("better: [studies](../../studies.md). ").append(machines(result)).append("\n\n");
        page.append("Rows: [table.csv](table.csv), a run each with the command that makes it; [table.json](table.json). Again: "
                + "`%s` ([study.yaml](study.yaml)).\n"
                        .formatted(ShellWords.published(List.of("study", STUDIES.resolve(file.name() + ".yaml").toString()))));
        for (var plot : plots) page.append("\n![%s](plots/%s.png)\n".formatted(plot.replace('-', ' '), plot));
        StudyTables.all(result).stream().filter(table -> !table.heading().equals(StudyTables.COMMANDS))
                .forEach(table -> page.append(StudyFiles.markdown(table)));
        return page.toString();
    }

    /// Whether it has run in full.
    private static String state(StudyResult result) {
        return result.isComplete() ? "It has run in full: %d runs.".formatted(result.cells().size())
                : "**It has not run in full, so nothing below is a verdict.**";
    }

    /// One for each arm that is compared.
    private static List<String> sentences(StudyResult result) {
        return result.comparisons().stream().map(comparison -> sentence(result, comparison)).toList();
    }

    private static String sentence(StudyResult result, PairedComparison comparison) {
        var arm = result.study().arms().stream().filter(one -> one.name().equals(comparison.arm())).findFirst().orElseThrow();
        var against = result.study().reference(arm).orElseThrow().name();
        var difference = "%s, arm less %s, %s at %d seeds".formatted(result.metric().label(), against,
                Figures.text(comparison.mean(), comparison.low(), comparison.high()), comparison.differences().size());
        return switch (comparison.verdict()) {
            case BETTER -> "`%s` is better than `%s`: %s.".formatted(arm.name(), against, difference);
            case WORSE -> "`%s` is worse than `%s`: %s.".formatted(arm.name(), against, difference);
            case NO_DIFFERENCE -> "No difference is seen between `%s` and `%s`: %s. That is not \"equal\".".formatted(arm.name(), against,
                    difference);
            case TOO_FEW_SEEDS -> "`%s` and `%s`, too few runs to tell: %s.".formatted(arm.name(), against, difference);
        };
    }

    /// That cells' checkpoints note.
    private static String machines(StudyResult result) {
        var machines = result.cells().stream().map(StudyPublication::machine).flatMap(Optional::stream).distinct().toList();
        return machines.isEmpty() ? ""
                : "Run with %s.".formatted(machines.stream().map(machine -> String.format(Locale.ROOT, "%s", machine))
                        .collect(Collectors.joining("; ")));
    }

    private static Optional<RunMachine> machine(Measurement cell) {
        return new Checkpoints(cell.run().folder().resolve("checkpoints"), 1).newest()
                .flatMap(checkpoint -> Optional.ofNullable(RunFigures.of(Checkpoint.open(checkpoint)).machine()));
    }
}
