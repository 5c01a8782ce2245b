package dev.fusedit.cli.notebook;

import java.util.ArrayList;
import java.util.List;

/// A part of a file of snippets, as notebooks have them.
///
/// Prose is a comment that begins its line, behind a blank line or another such: Markdown, whose first line is the title, and where
/// `---- Name` begins a section. All else is code, whose cells end, beside where prose begins, at a blank line behind an expression whose
/// value is shown: of a cell Jupyter shows the last one alone.
///
/// @param first its first line in the file, from 0
public sealed interface Cell {
    int first();

    List<String> lines();

    /// @param lines without their `// `
    record Prose(int first, List<String> lines) implements Cell {
        private static final String SECTION = "---- ";

        public String markdown() {
            var text = new ArrayList<String>();
            for (int i = 0; i < lines.size(); i++) {
                var line = lines.get(i);
                text.add(first + i == 0 ? "# " + line : line.startsWith(SECTION) ? "## " + line.substring(SECTION.length()) : line);
            }
            return String.join("\n", text).strip();
        }
    }

    record Code(int first, List<String> lines) implements Cell {
        /// That says, behind a line of code, that numbers in the cell's output are others each time, or on other machines.
        private static final String MEASURED = "// measured";

        public boolean isMeasured() { return lines.stream().anyMatch(line -> line.stripTrailing().endsWith(MEASURED)); }

        public String text() { return String.join("\n", lines); }
    }

    static List<Cell> of(List<String> file) {
        var cells = new ArrayList<Cell>();
        for (int i = 0; i < file.size();) {
            int end = i;
            if (file.get(i).startsWith("//")) {
                while (end < file.size() && file.get(end).startsWith("//")) end++;
                cells.add(new Prose(i, file.subList(i, end).stream().map(line -> line.replaceFirst("^// ?", "")).toList()));
            } else if (file.get(i).isBlank()) {
                end++;
            } else {
                while (end < file.size() && !beginsProse(file, end) && !endsByValue(file, i, end)) end++;
                addCode(cells, file, i, end);
            }
            i = end;
        }
        return cells;
    }

    private static boolean beginsProse(List<String> file, int line) {
        return file.get(line).startsWith("//") && (line == 0 || file.get(line - 1).isBlank());
    }

    private static boolean endsByValue(List<String> file, int from, int line) {
        if (line == from || !file.get(line).isBlank()) return false;
        var last = file.get(line - 1).strip();
        return !last.isEmpty() && !last.matches(".*([;{}]|//.*)");
    }

    private static void addCode(List<Cell> cells, List<String> file, int from, int to) {
        while (from < to && file.get(from).isBlank()) from++;
        while (from < to && file.get(to - 1).isBlank()) to--;
        if (from < to) cells.add(new Code(from, file.subList(from, to)));
    }
}
