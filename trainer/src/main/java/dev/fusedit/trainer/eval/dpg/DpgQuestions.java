package dev.fusedit.trainer.eval.dpg;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TextFile;
import dev.fusedit.trainer.eval.metrics.Dpg;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/// The questions of DPG-Bench's `dpg_bench.csv` by item. Its columns: `item_id`, `proposition_id`, `dependency` (`1,2`; 0 for none), `tuple`
/// (`attribute - color (…)`), `question_natural_language` and others that are not read.
public final class DpgQuestions {
    private static final String ITEM = "item_id", ID = "proposition_id", PARENTS = "dependency", TUPLE = "tuple";

    private DpgQuestions() {}

    /// @param withoutFirst whether the first row is passed over, as the official script does
    /// @throws UserError naming file and row of what is wrong
    public static ImmutableMap<String, ImmutableList<Dpg.Question>> read(Path file, boolean withoutFirst) {
        var items = new LinkedHashMap<String, List<Dpg.Question>>();
        int row = 1;
        try (var rows = new CsvMapper().readerFor(JsonNode.class).with(CsvSchema.emptySchema().withHeader())
                .<JsonNode>readValues(TextFile.read(file, "DPG-Bench's questions"))) {
            while (rows.hasNextValue()) {
                var fields = rows.nextValue();
                row++;
                if (row == 2 && withoutFirst) continue;
                items.computeIfAbsent(text(fields, ITEM, file, row), _ -> new ArrayList<>()).add(question(fields, file, row));
            }
        } catch (IOException e) {
            throw new UserError(
                    "%s, behind row %d: is no CSV (%s). Give DPG-Bench's own dpg_bench.csv".formatted(file, row, e.getMessage()), e);
        }
        if (items.isEmpty()) throw new UserError(file + " has no question. Give DPG-Bench's own dpg_bench.csv");
        var all = ImmutableMap.<String, ImmutableList<Dpg.Question>>builder();
        items.forEach((item, questions) -> all.put(item, ImmutableList.copyOf(questions)));
        return all.buildOrThrow();
    }

    private static Dpg.Question question(JsonNode fields, Path file, int row) {
        var parents =
                Splitter.on(',').trimResults().splitToStream(text(fields, PARENTS, file, row)).map(id -> number(id, PARENTS, file, row))
                        .toList();
        return new Dpg.Question(number(text(fields, ID, file, row), ID, file, row), parents,
                text(fields, TUPLE, file, row).split("\\(", 2)[0].strip());
    }

    private static String text(JsonNode fields, String column, Path file, int row) {
        if (!fields.has(column)) throw wrong(file, row, "has no column " + column);
        return fields.path(column).asText().strip();
    }

    private static int number(String text, String column, Path file, int row) {
        try {
            return (int) Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw wrong(file, row, column + " must be a number, but is '" + text + "'");
        }
    }

    private static UserError wrong(Path file, int row, String what) {
        return new UserError("%s, row %d: %s. Give DPG-Bench's own dpg_bench.csv".formatted(file, row, what));
    }
}
