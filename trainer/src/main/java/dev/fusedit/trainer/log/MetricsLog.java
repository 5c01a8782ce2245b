package dev.fusedit.trainer.log;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `metrics.jsonl`: a JSON object a line, each line with the file system as soon as it is written. Steps never go back. A line
/// that a kill tore off is cut when the file is opened again. NaN and infinities, which JSON has not, are texts: `"NaN"`.
public final class MetricsLog implements AutoCloseable {
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
            byte[] there = Files.readAllBytes(file);
            int whole = there.length;
            while (whole > 0 && there[whole - 1] != '\n') whole--;
            out.truncate(whole).position(whole);
            for (var row : parse(file, new String(there, 0, whole, StandardCharsets.UTF_8))) lastStep = Math.max(lastStep, step(row));
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /// @param values numbers, texts, switches; in the line after the step, in this order
    /// @throws UserError if the line cannot be written
    public void row(long step, Map<String, ?> values) {
        checkArgument(step >= lastStep, "step %s comes after step %s in %s", step, lastStep, file);
        checkArgument(!values.containsKey("step"), "the step is given apart");
        var row = new LinkedHashMap<String, Object>();
        row.put("step", step);
        row.putAll(values);
        try {
            out.write(ByteBuffer.wrap((JSON.writeValueAsString(row) + "\n").getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw failure(e);
        }
        lastStep = step;
    }

    public long lastStep() { return lastStep; }

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

    private static List<Map<String, Object>> parse(Path file, String text) {
        var rows = new ArrayList<Map<String, Object>>();
        for (String line : text.lines().toList()) {
            try {
                rows.add(JSON.readValue(line, ROW));
            } catch (JsonProcessingException e) {
                throw new UserError(file + ":" + (rows.size() + 1) + ": is no row of metrics: " + e.getOriginalMessage(), e);
            }
        }
        return rows;
    }

    private static long step(Map<String, Object> row) { return row.get("step") instanceof Number step ? step.longValue() : 0; }

    private UserError failure(IOException e) {
        boolean full = String.valueOf(e.getMessage()).contains("No space left");
        return new UserError(file + " cannot be written: " + (full ? "the disk is full. Free some space" : e), e);
    }
}
