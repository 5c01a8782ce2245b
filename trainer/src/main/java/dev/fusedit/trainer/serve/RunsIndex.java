package dev.fusedit.trainer.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.checkpoint.RunFolder;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The runs in a folder, by what they left so far. Reads little of each: the end of its rows.
///
/// @param folder whose folders with a recipe are runs
record RunsIndex(Path folder) {
    private static final String RECIPE = "recipe.yaml";
    /// The last row is within it.
    private static final int TAIL = 1 << 16;

    /// What is known of each, the newest first.
    ObjectNode json() {
        var json = JsonNodeFactory.instance.objectNode();
        var runs = json.putArray("runs");
        folders().stream().map(RunsIndex::of).sorted(Comparator.comparing((ObjectNode run) -> run.path("written").asLong()).reversed()
                .thenComparing(run -> run.path("name").asText())).forEach(runs::add);
        return json;
    }

    private List<Path> folders() {
        try (var inside = Files.list(folder)) {
            return inside.filter(path -> Files.isRegularFile(path.resolve(RECIPE))).toList();
        } catch (IOException e) {
            throw new UserError("--runs %s cannot be listed: %s".formatted(folder, e.getMessage()), e);
        }
    }

    private static ObjectNode of(Path path) {
        var run = RunFolder.open(path);
        var json = JsonNodeFactory.instance.objectNode().put("name", path.getFileName().toString());
        var row = lastRow(run.metrics());
        json.put("finished", run.isFinished()).put("step", row.path("step").asLong());
        for (var loss : List.of("flow", "caption")) if (row.path(loss).isNumber()) json.set(loss, row.get(loss));
        return json.put("images_per_second", row.path("images_per_second").asDouble()).put("written", written(path, run))
                .put("image", image(run).isPresent())
                .put("report", Files.isRegularFile(run.page()));
    }

    private static long written(Path path, RunFolder run) {
        try {
            return Files.getLastModifiedTime(Files.exists(run.metrics()) ? run.metrics() : path).toMillis() / 1000;
        } catch (IOException _) {
            return 0;
        }
    }

    /// The last whole row of a step; one that has none of a step's losses is passed over.
    private static ObjectNode lastRow(Path metrics) {
        var none = JsonNodeFactory.instance.objectNode();
        if (!Files.isRegularFile(metrics)) return none;
        try (var file = new RandomAccessFile(metrics.toFile(), "r")) {
            long from = Math.max(0, file.length() - TAIL);
            file.seek(from);
            var bytes = new byte[(int) (file.length() - from)];
            file.readFully(bytes);
            var text = new String(bytes, StandardCharsets.UTF_8);
            var lines = text.substring(0, text.lastIndexOf('\n') + 1).lines().skip(from == 0 ? 0 : 1).toList();
            for (var line : lines.reversed()) {
                var row = JsonFile.object(line, metrics.toString(), "");
                if (!row.has("event")) return row;
            }
            return none;
        } catch (IOException | UserError _) {
            return none; // it is being written, or is none
        }
    }

    /// The newest image of a run: its samples, else the last preview.
    ///
    /// @param name as [#json] lists it; no other is looked for
    Optional<byte[]> image(String name) { return run(name).flatMap(RunsIndex::image).map(RunsIndex::bytes); }

    /// A run's page, if it has one.
    ///
    /// @param name as [#image] has it
    Optional<byte[]> report(String name) { return run(name).map(RunFolder::page).filter(Files::isRegularFile).map(RunsIndex::bytes); }

    private Optional<RunFolder> run(String name) {
        return folders().stream().filter(path -> path.getFileName().toString().equals(name)).findFirst().map(RunFolder::open);
    }

    private static Optional<Path> image(RunFolder run) {
        if (Files.isRegularFile(run.samples())) return Optional.of(run.samples());
        var previews = run.previews();
        if (!Files.isDirectory(previews)) return Optional.empty();
        try (var files = Files.list(previews)) {
            return files.filter(file -> file.toString().endsWith(".png")).max(Comparator.naturalOrder());
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UserError("%s cannot be read: %s".formatted(file, e.getMessage()), e);
        }
    }
}
