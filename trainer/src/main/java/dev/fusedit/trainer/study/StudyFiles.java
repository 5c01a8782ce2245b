package dev.fusedit.trainer.study;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.compare.ComparedImages;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A study's result as files: `table.md`, `table.csv` (a row for each cell), `table.json`, `index.html`, `plots/`.
public final class StudyFiles {
    private static final CsvMapper CSV = new CsvMapper();

    private StudyFiles() {}

    /// The tables alone: as far as the study is.
    ///
    /// @throws dev.fusedit.torch.UserError if they cannot be written
    static void writeTables(StudyResult result) {
        var out = result.study().out();
        try {
            WholeFile.write(out.resolve("table.md"), markdown(result));
            WholeFile.write(out.resolve("table.csv"), csv(result, Cell::commands));
            WholeFile.write(out.resolve("table.json"), StudyJson.of(result).toPrettyString() + "\n");
        } catch (IOException e) {
            throw WriteFailure.of(out, e);
        }
    }

    /// Everything.
    ///
    /// @param images as [StudyPage] takes them
    /// @throws dev.fusedit.torch.UserError if they cannot be written
    public static void write(StudyResult result, Optional<ComparedImages> images) {
        var out = result.study().out();
        try {
            var plots = StudyPlots.of(result);
            Files.createDirectories(out.resolve("plots"));
            for (var plot : plots.entrySet())
                WholeFile.write(out.resolve("plots").resolve(plot.getKey() + ".png"), plot.getValue().image().png());
            writeTables(result);
            WholeFile.write(out.resolve("index.html"), StudyPage.of(result, plots.values(), images));
        } catch (IOException e) {
            throw WriteFailure.of(out, e);
        }
    }

    /// @param commands as [StudyJson#of(StudyResult, Function)] takes them
    static String csv(StudyResult result, Function<Cell, String> commands) throws JsonProcessingException {
        var rows = result.cells().stream().map(cell -> StudyJson.row(result, cell, commands)).toList();
        var columns = new LinkedHashSet<String>();
        rows.forEach(row -> columns.addAll(row.keySet()));
        var schema = CsvSchema.builder().setUseHeader(true);
        columns.forEach(schema::addColumn);
        return CSV.writer(schema.build()).writeValueAsString(rows);
    }

    static String markdown(StudyResult result) {
        var file = result.study().file();
        var text =
                new StringBuilder("# Study %s\n\n%s\n\nEndpoint: %s. Budget: %s. Reference: %s.\n".formatted(file.name(), file.question(),
                        result.metric().label(), file.budget().text(), result.study().reference().name()));
        result.notes().forEach(note -> text.append("\n**").append(note).append("**\n"));
        StudyTables.all(result).forEach(table -> text.append(markdown(table)));
        return text.toString();
    }

    /// Under its heading.
    static String markdown(StudyTables.Titled table) {
        var text = new StringBuilder("\n## ").append(table.heading()).append("\n\n");
        if (!table.note().isEmpty()) text.append(table.note()).append("\n\n");
        text.append(line(table.rows().getFirst())).append("|---".repeat(table.rows().getFirst().size())).append("|\n");
        table.rows().stream().skip(1).forEach(row -> text.append(line(row)));
        return text.toString();
    }

    private static String line(List<String> cells) {
        return cells.stream().map(cell -> cell.replace("|", "\\|")).collect(Collectors.joining(" | ", "| ", " |\n"));
    }
}
