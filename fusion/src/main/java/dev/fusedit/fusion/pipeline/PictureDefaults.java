package dev.fusedit.fusion.pipeline;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.ConfigReader;
import java.util.List;

/// How a pipeline draws where a person asks for nothing else.
///
/// @param height in pixels
/// @param width in pixels
/// @param guidance 1 is none
/// @param batch pictures at once at most
public record PictureDefaults(int height, int width, int steps, double guidance, int batch) {
    public PictureDefaults {
        checkArgument(height > 0 && width > 0, "height and width must be positive, got %s and %s", height, width);
        checkArgument(steps > 0 && batch > 0, "steps (%s) and batch (%s) must be positive", steps, batch);
        checkArgument(guidance >= 1, "guidance must be at least 1, got %s", guidance);
    }

    /// Of pipelines that say nothing of it: as the paper's models were measured.
    ///
    /// @param side of a square picture, in pixels
    static PictureDefaults usual(int side) {
        var usual = PictureRequest.of(side, side, "");
        return new PictureDefaults(side, side, usual.steps(), usual.guidance(), usual.batch());
    }

    /// One picture a prompt.
    public PictureRequest request(List<String> prompts) {
        return PictureRequest.of(height, width, prompts.toArray(String[]::new)).steps(steps).guidance(guidance).batch(batch);
    }

    static PictureDefaults of(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        return fields.checked(() -> new PictureDefaults(fields.integer("height"), fields.integer("width"), fields.integer("steps"),
                fields.number("guidance", 1), fields.integer("batch")));
    }

    ObjectNode json() {
        return JsonNodeFactory.instance.objectNode().put("height", height).put("width", width).put("steps", steps).put("guidance", guidance)
                .put("batch", batch);
    }
}
