package dev.fusedit.trainer.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.page.Thinned;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The rows of `metrics.jsonl` as curves, read as the file grows. Not for several threads.
///
/// Keys are taken as they come: losses are what stands between `loss` and `gradient_norm`, and each number of an event's row is a curve, of a
/// kind of event that is not known here too.
final class RunRows {
    private static final String SUM = "loss";
    private static final String GRADIENT = "gradient_norm";
    private static final List<String> OTHERS = List.of(GRADIENT, "rate", "loss_scale", "images_per_second");
    /// Read at once.
    private static final int BLOCK = 1 << 20;
    private static final double SMOOTHING = 0.9;

    private final Path file;
    private final Map<String, Map<String, Thinned>> charts = new LinkedHashMap<>();
    private ObjectNode last = JsonNodeFactory.instance.objectNode();
    private long read;
    private int lines;
    private long lost;

    RunRows(Path file) { this.file = file; }

    /// Reads what was added since the last time; of a file that is shorter than then all.
    ///
    /// @throws dev.fusedit.torch.UserError naming the line, if one is no JSON object
    void update() throws IOException {
        if (!Files.exists(file)) return;
        try (var in = new RandomAccessFile(file.toFile(), "r")) {
            if (in.length() < read) forget();
            while (in.length() > read) {
                in.seek(read);
                var bytes = new byte[(int) Math.min(BLOCK, in.length() - read)];
                in.readFully(bytes);
                int whole = bytes.length;
                while (whole > 0 && bytes[whole - 1] != '\n') whole--;
                if (whole == 0) return; // a line that is being written
                for (var line : new String(bytes, 0, whole, StandardCharsets.UTF_8).lines().toList())
                    add(JsonFile.line(line, file, ++lines, "A file of metrics has a JSON object in each line"));
                read += whole;
            }
        }
    }

    private void forget() {
        charts.clear();
        last = JsonNodeFactory.instance.objectNode();
        read = 0;
        lines = 0;
        lost = 0;
    }

    private void add(ObjectNode row) {
        long step = row.path("step").asLong();
        if (row.has("event")) event(row.path("event").asText(), step, row, "");
        else {
            last = row;
            if (row.has("outcome")) lost++;
            losses(step, row);
            for (var key : OTHERS) if (row.path(key).isNumber()) point(key, row.path("stage").asText(key), step, row.path(key).asDouble());
        }
    }

    private void losses(long step, ObjectNode row) {
        var names = new ArrayList<String>();
        row.fieldNames().forEachRemaining(names::add);
        int sum = names.indexOf(SUM), gradient = names.indexOf(GRADIENT);
        var each = sum >= 0 && gradient > sum + 1 ? names.subList(sum + 1, gradient) : List.of(SUM);
        for (var name : each)
            if (row.path(name).isNumber()) point("losses", row.path("stage").asText("run") + ": " + name, step, row.path(name).asDouble());
    }

    /// Numbers, also those within objects; perplexities apart, whose scale is another.
    private void event(String event, long step, JsonNode row, String within) {
        row.properties().forEach(entry -> {
            var name = within + entry.getKey();
            var value = entry.getValue();
            if (value.isObject()) event(event, step, value, name + ".");
            else if (value.isNumber() && !name.equals("step") && !name.equals("seconds"))
                point(event + (name.endsWith("perplexity") ? " perplexity" : ""), name, step, value.asDouble());
        });
    }

    private void point(String chart, String name, long step, double value) {
        charts.computeIfAbsent(chart, _ -> new LinkedHashMap<>()).computeIfAbsent(name, _ -> new Thinned()).add(step, value);
    }

    /// The last row of a step; empty before the first.
    ObjectNode last() { return last; }

    /// Steps with a row that taught nothing.
    long lost() { return lost; }

    /// All that there are: losses, what events tell, then the rest.
    List<LinePlot> plots() {
        var plots = new ArrayList<LinePlot>();
        if (charts.containsKey("losses")) plots.add(steps("Losses", "loss (not weighted)", "losses", true));
        charts.keySet().stream().filter(name -> !name.equals("losses") && !OTHERS.contains(name)).forEach(name -> plots.add(event(name)));
        for (var name : OTHERS)
            if (charts.containsKey(name))
                plots.add(steps(words(name), words(name), name, name.equals(GRADIENT) || name.equals("loss_scale")));
        return plots;
    }

    private LinePlot steps(String title, String label, String chart, boolean log) {
        double smoothing = chart.equals("rate") || chart.equals("loss_scale") ? 0 : SMOOTHING; // as they were set
        return new LinePlot(capital(title), "step", label, series(chart, LinePlot.Mark.NONE), log, smoothing);
    }

    private LinePlot event(String name) {
        var title = capital(words(name));
        return new LinePlot(title, "step", words(name), series(name, LinePlot.Mark.DOTS), name.startsWith("validation"), 0);
    }

    private List<LinePlot.Series> series(String chart, LinePlot.Mark mark) {
        return charts.get(chart).entrySet().stream().map(one -> one.getValue().series(one.getKey(), mark)).toList();
    }

    private static String capital(String words) { return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1); }

    private static String words(String key) { return key.equals("rate") ? "learning rate" : key.replace('_', ' '); }
}
