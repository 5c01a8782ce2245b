package dev.fusedit.trainer.log;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `metrics.jsonl`: a JSON object a line, each line with the file system as soon as it is written. Steps never go back. A line
/// that a kill tore off is cut when the file is opened again. NaN and infinities, which JSON has not, are texts: `"NaN"`.
///
/// Rows of training begin with `step`, all others with `event`. The rows of a resumed run are those of an uninterrupted one, beside its
/// `{"event":"resume","step":n}` and the fields [#TIMES].
public final class MetricsLog implements AutoCloseable {
    /// What depends on the machine and its load.
    public static final ImmutableSet<String> TIMES = ImmutableSet.of("seconds", "images_per_second");

    /// The event of a row with `scores`, by suite and number: `{"blocks/seen": {"value": 0.5, "interval": [0.4, 0.6], "n": 48}, …}`.
    public static final String EVALUATION = "evaluation";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<LinkedHashMap<String, Object>> ROW = new TypeReference<>() {};

    private final Path file;
    private final FileChannel out;
    private long lastStep;

    /// @throws UserError if the file cannot be written to
    public MetricsLog(Path file) {
        this.file = file;
        try {
            out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            byte[] there = read();
            int whole = there.length;
            while (whole > 0 && there[whole - 1] != '\n') whole--; // a torn line
            if (whole < there.length) out.truncate(whole);
            out.position(whole);
            for (var row : parse(file, new String(there, 0, whole, StandardCharsets.UTF_8))) lastStep = Math.max(lastStep, step(row));
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /// All lines; nothing of what is no regular file.
    private byte[] read() throws IOException {
        var bytes = ByteBuffer.allocate(Math.toIntExact(out.size()));
        while (bytes.hasRemaining() && out.read(bytes, bytes.position()) >= 0) {}
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    /// @param values numbers, texts, switches; in the line after the step, in this order
    /// @return the line, without its break
    /// @throws UserError if the line cannot be written
    public String row(long step, Map<String, ?> values) { return write(step, new LinkedHashMap<>(), values); }

    /// A row of something else than training.
    ///
    /// @return the line, without its break
    /// @throws UserError if the line cannot be written
    public String event(String event, long step, Map<String, ?> values) {
        var row = new LinkedHashMap<String, Object>();
        row.put("event", event);
        return write(step, row, values);
    }

    private String write(long step, Map<String, Object> row, Map<String, ?> values) {
        checkArgument(step >= lastStep, "step %s comes after step %s in %s", step, lastStep, file);
        row.put("step", step);
        values.forEach((key, value) -> checkArgument(row.put(key, value) == null, "%s is given apart", key));
        try {
            var text = JSON.writeValueAsString(row);
            var line = ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
            while (line.hasRemaining()) out.write(line); // a disk that fills up takes a part
            lastStep = step;
            return text;
        } catch (IOException e) {
            throw failure(e);
        }
    }

    public long lastStep() { return lastStep; }

    /// Drops all rows after a step: the run goes on from there.
    public void cutAfter(long step) {
        try {
            long end = 0;
            lastStep = 0;
            byte[] all = read();
            for (String line : new String(all, StandardCharsets.UTF_8).lines().toList()) {
                long of = step(parse(file, line).getFirst());
                if (of > step) break;
                end += line.getBytes(StandardCharsets.UTF_8).length + 1;
                lastStep = of;
            }
            if (end < all.length) out.truncate(end);
            out.position(end);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /// Returns when all rows are on the disk: before a checkpoint claims their steps.
    public void force() {
        try {
            out.force(true);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /// @throws UserError naming file and line if it is no metrics file
    public static List<Map<String, Object>> rows(Path file) {
        try {
            return parse(file, Files.readString(file));
        } catch (IOException e) {
            throw new UserError(file + " cannot be read: " + e, e);
        }
    }

    /// The curves of some values, a series for each of them in each `stage` that has it: `fuse: flow`.
    public static List<LinePlot.Series> curves(List<Map<String, Object>> rows, List<String> keys) {
        return keys.stream().flatMap(key -> curves(rows, key).stream().map(one -> one.named(one.name() + ": " + key))).toList();
    }

    /// The curve of one value, a series for each `stage`.
    public static List<LinePlot.Series> curves(List<Map<String, Object>> rows, String key) {
        var points = new LinkedHashMap<String, List<double[]>>();
        for (var row : rows)
            if (row.get(key) instanceof Number value) {
                String stage = String.valueOf(row.getOrDefault("stage", key));
                points.computeIfAbsent(stage, _ -> new ArrayList<>()).add(new double[] {step(row), value.doubleValue()});
            }
        var curves = new ArrayList<LinePlot.Series>();
        points.forEach((stage, series) -> curves.add(new LinePlot.Series(stage, series.stream().mapToDouble(point -> point[0]).toArray(),
                series.stream().mapToDouble(point -> point[1]).toArray())));
        return curves;
    }

    /// The curves of what evaluations on the way found, with their intervals: a series for each number, by its name.
    public static Map<String, LinePlot.Series> scores(List<Map<String, Object>> rows) {
        var points = new LinkedHashMap<String, List<double[]>>();
        for (var row : rows)
            if (EVALUATION.equals(row.get("event")))
                JSON.<JsonNode>valueToTree(row.get("scores")).properties().forEach(score -> points
                        .computeIfAbsent(score.getKey(), _ -> new ArrayList<>()).add(point(step(row), score.getValue())));
        var curves = new LinkedHashMap<String, LinePlot.Series>();
        points.forEach((name, all) -> curves.put(name, new LinePlot.Series(name, column(all, 0), column(all, 1), LinePlot.Mark.DOTS,
                column(all, 2), column(all, 3))));
        return curves;
    }

    /// Step, value, and its interval, which is the value alone where there is none.
    private static double[] point(long step, JsonNode score) {
        double value = score.path("value").asDouble();
        return new double[] {step, value, score.path("interval").path(0).asDouble(value), score.path("interval").path(1).asDouble(value)};
    }

    private static double[] column(List<double[]> rows, int column) { return rows.stream().mapToDouble(row -> row[column]).toArray(); }

    private static List<Map<String, Object>> parse(Path file, String text) {
        var rows = new ArrayList<Map<String, Object>>();
        for (String line : text.lines().toList()) {
            rows.add(
                    JSON.convertValue(JsonFile.line(line, file, rows.size() + 1, "A file of metrics has a JSON object in each line"), ROW));
        }
        return rows;
    }

    private static long step(Map<String, Object> row) { return row.get("step") instanceof Number step ? step.longValue() : 0; }

    private UserError failure(IOException e) { return WriteFailure.of(file, e); }
}
