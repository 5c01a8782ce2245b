package dev.fusedit.trainer.log;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.List;

/// A table in plain text: the first column to the left, the others to the right, a rule below the heads.
public final class TextTable {
    private final List<List<String>> rows = new ArrayList<>();

    public TextTable(String... heads) { rows.add(List.of(heads)); }

    /// @param rows the first one is the heads
    public static TextTable of(List<List<String>> rows) {
        var table = new TextTable(rows.getFirst().toArray(String[]::new));
        rows.stream().skip(1).forEach(row -> table.row(row.toArray(String[]::new)));
        return table;
    }

    public TextTable row(String... cells) {
        checkArgument(cells.length == rows.getFirst().size(), "a row of this table has %s cells, not %s", rows.getFirst().size(),
                cells.length);
        rows.add(List.of(cells));
        return this;
    }

    /// Ends with a line break.
    public String text() {
        int[] widths = new int[rows.getFirst().size()];
        for (var row : rows) for (int i = 0; i < widths.length; i++) widths[i] = Math.max(widths[i], row.get(i).length());
        var text = new StringBuilder();
        for (int r = 0; r < rows.size(); r++) {
            var line = new StringBuilder(left(rows.get(r).getFirst(), widths[0]));
            for (int i = 1; i < widths.length; i++) line.append("  ").append(right(rows.get(r).get(i), widths[i]));
            text.append(line.toString().stripTrailing()).append('\n');
            if (r == 0) text.append("-".repeat(line.length())).append('\n');
        }
        return text.toString();
    }

    private static String left(String cell, int width) { return cell + " ".repeat(width - cell.length()); }

    private static String right(String cell, int width) { return " ".repeat(width - cell.length()) + cell; }
}
