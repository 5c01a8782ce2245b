package dev.fusedit.trainer.eval.geneval;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TextFile;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/// What a detector saw in images: a line of JSON each,
/// `{"file": "00000/samples/0000.png", "objects": [{"class": "bench", "score": 0.98, "box": [x0, y0, x1, y1], "color": "red"}]}`.
///
/// @param objects by file, in the order of the file
public record Detections(Path source, ImmutableMap<String, ImmutableList<Detected>> objects) {
    private static final String REMEDY = "Write it anew by examples/geneval_detections.py";

    /// @param left of its box, as the other three in pixels
    /// @param color where one was looked for
    public record Detected(String name, double score, double left, double top, double right, double bottom, Optional<String> color) {}

    /// @throws UserError naming file and line of what is wrong
    public static Detections read(Path file) {
        var objects = ImmutableMap.<String, ImmutableList<Detected>>builder();
        int number = 0;
        for (var line : TextFile.lines(file, "detections, a line of JSON an image")) {
            number++;
            if (line.isBlank()) continue;
            var fields = new ConfigReader(JsonFile.line(line, file, number, REMEDY), file + ":" + number);
            fields.require(fields.has("file"), "file", "must be an image's file");
            objects.put(Objects.requireNonNull(fields.text("file")),
                    fields.objects("objects").stream().map(Detections::detected).collect(ImmutableList.toImmutableList()));
        }
        try {
            return new Detections(file, objects.buildOrThrow());
        } catch (IllegalArgumentException e) {
            throw new UserError("%s names an image twice: %s".formatted(file, e.getMessage()), e);
        }
    }

    private static Detected detected(ConfigReader fields) {
        var box = fields.raw("box");
        fields.require(box.size() == 4 && box.valueStream().allMatch(JsonNode::isNumber), "box", "must be four numbers");
        fields.require(fields.has("class"), "class", "must be a text");
        fields.require(fields.has("score"), "score", "must be a number");
        return new Detected(Objects.requireNonNull(fields.text("class")), fields.number("score", 0), box.path(0).asDouble(),
                box.path(1).asDouble(), box.path(2).asDouble(), box.path(3).asDouble(), Optional.ofNullable(fields.text("color")));
    }
}
