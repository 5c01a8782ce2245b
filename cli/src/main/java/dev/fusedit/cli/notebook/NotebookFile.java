package dev.fusedit.cli.notebook;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.Iterables;
import dev.fusedit.torch.io.TextFile;
import dev.fusedit.trainer.shell.Show;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A file of snippets as other notebooks have it.
public record NotebookFile(Path file, List<Cell> cells) {
    private static final Pattern IMAGE = Pattern.compile("(?m)^file://\\S*/([^/\\s]+)\\.png$");

    /// @throws dev.fusedit.torch.UserError if it cannot be read
    public static NotebookFile read(Path file) { return new NotebookFile(file, Cell.of(TextFile.lines(file, Notebook.WANTED))); }

    /// Runs it, and gives prose, code and what was printed as Markdown. Where a line of a cell ends with `// measured`, its output's
    /// numbers are no promise: that block is `text measured`.
    ///
    /// @param images where images that it shows are written, and by what name the page, beside it, calls that folder
    /// @param messages gets file, line and cause of an error
    /// @return empty after an error
    public Optional<String> markdown(Path images, PrintStream messages) {
        var page = new StringBuilder();
        Show.into(images);
        try (var notebook = new Notebook(messages)) {
            for (var cell : cells) {
                switch (cell) {
                    case Cell.Prose prose -> page.append(prose.markdown()).append("\n\n");
                    case Cell.Code code -> {
                        var printed = new ByteArrayOutputStream();
                        if (!printingTo(printed, () -> notebook.run(code.lines(), file, code.first()))) return Optional.empty();
                        page.append(block("java", code.text()))
                                .append(output(printed.toString(StandardCharsets.UTF_8), code.isMeasured(), images));
                    }
                }
            }
            return notebook.allResolved(file) ? Optional.of(page.toString().stripTrailing() + "\n") : Optional.empty();
        }
    }

    private interface Body {
        boolean run();
    }

    private static boolean printingTo(ByteArrayOutputStream printed, Body body) {
        var before = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            return body.run();
        } finally {
            System.setOut(before);
        }
    }

    /// Links to images stand alone on their lines, and are shown.
    private static String output(String printed, boolean measured, Path images) {
        var text = new StringBuilder();
        var links = IMAGE.matcher(printed);
        int from = 0;
        for (; links.find(); from = links.end()) {
            text.append(output(printed.substring(from, links.start()), measured))
                    .append("![%1$s](%2$s/%1$s.png)\n\n".formatted(links.group(1), images.getFileName()));
        }
        return text.append(output(printed.substring(from), measured)).toString();
    }

    private static String output(String printed, boolean measured) {
        return printed.isBlank() ? "" : block(measured ? "text measured" : "text", printed.replaceFirst("^\n+", "").stripTrailing());
    }

    private static String block(String kind, String text) { return "```" + kind + "\n" + text + "\n```\n\n"; }

    // ---- comparing

    private static final Pattern MEASURED = Pattern.compile("(?ms)^```text measured\n.*?^```$");

    /// A page in which what was measured is left out: numbers, and the blanks that align them.
    public static String promised(String markdown) {
        return MEASURED.matcher(markdown).replaceAll(block -> Matcher.quoteReplacement(
                block.group().replaceAll("-?[0-9][0-9,]*(\\.[0-9]+)?(e[-+][0-9]+)?|NaN", "#").replaceAll(" +|-{4,}", " ")));
    }

    // ---- Jupyter

    /// As a Jupyter notebook (nbformat 4.5) for the kernel jjava, without output.
    public String ipynb() {
        var json = JsonNodeFactory.instance.objectNode();
        var all = json.putArray("cells");
        for (var cell : cells) {
            var id = "line-" + (cell.first() + 1);
            switch (cell) {
                case Cell.Prose prose -> source(all.addObject().put("cell_type", "markdown").put("id", id), prose.markdown());
                case Cell.Code code -> {
                    var object = source(all.addObject().put("cell_type", "code").put("id", id), code.text());
                    object.putNull("execution_count").putArray("outputs");
                }
            }
        }
        var metadata = json.putObject("metadata");
        metadata.putObject("kernelspec").put("display_name", "Java (jjava)").put("language", "java").put("name", "java");
        metadata.putObject("language_info").put("name", "java").put("file_extension", ".jshell");
        return json.put("nbformat", 4).put("nbformat_minor", 5).toPrettyString() + "\n";
    }

    private static ObjectNode source(ObjectNode cell, String text) {
        cell.putObject("metadata");
        var lines = cell.putArray("source");
        var all = text.lines().toList();
        all.subList(0, all.size() - 1).forEach(line -> lines.add(line + "\n"));
        lines.add(Iterables.getLast(all));
        return cell;
    }
}
