package dev.fusedit.fusion.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Joiner;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.flow.Guidance;
import dev.fusedit.fusion.flow.NoiseRange;
import dev.fusedit.fusion.flow.Solver;
import java.util.Arrays;
import java.util.List;

/// How images are sampled: those of a request, or of a pipeline where a request says nothing else.
///
/// @param height in pixels
/// @param width in pixels
/// @param solver how a step goes from one noise level to the next
/// @param guidance how far to go beyond the negative prompt, and at which noise levels; a factor of 1 is none and half the work
/// @param batch images at once at most; fewer where memory does not hold so many
/// @param longest tokens of a prompt that the model reads, its first included; what is longer is cut
public record SamplingSettings(int height, int width, Solver solver, int steps, Guidance guidance, int batch, int longest) {
    /// The paper's models read so many tokens.
    public static final int PAPER_LONGEST = 256;

    private static final String SOLVER = "solver";
    private static final String LEVELS = "guidance_interval";
    private static final String LONGEST = "max_tokens";

    public SamplingSettings {
        Bound.SIDE.check("height", height);
        Bound.SIDE.check("width", width);
        Bound.SOLVER_STEPS.check("steps", steps);
        Bound.GUIDANCE.check("guidance", guidance.factor());
        Bound.BATCH.check("batch", batch);
        Bound.TOKENS.check(LONGEST, longest);
    }

    /// Of models that read prompts as long as the paper's.
    public SamplingSettings(int height, int width, Solver solver, int steps, Guidance guidance, int batch) {
        this(height, width, solver, steps, guidance, batch, PAPER_LONGEST);
    }

    /// As the paper's models were measured: 28 of Euler's steps, guidance 6.
    ///
    /// @param height in pixels
    /// @param width in pixels
    public static SamplingSettings usual(int height, int width) {
        return new SamplingSettings(height, width, Solver.EULER, 28, Guidance.of(6), 16);
    }

    /// One image a prompt.
    public ImageRequest request(List<String> prompts) { return ImageRequest.of(this, prompts); }

    public SamplingSettings size(int rows, int columns) {
        return new SamplingSettings(rows, columns, solver, steps, guidance, batch, longest);
    }

    SamplingSettings solver(Solver other) { return new SamplingSettings(height, width, other, steps, guidance, batch, longest); }

    SamplingSettings steps(int count) { return new SamplingSettings(height, width, solver, count, guidance, batch, longest); }

    SamplingSettings guidance(Guidance other) { return new SamplingSettings(height, width, solver, steps, other, batch, longest); }

    SamplingSettings batch(int images) { return new SamplingSettings(height, width, solver, steps, guidance, images, longest); }

    /// For a model that reads prompts of other lengths.
    public SamplingSettings longest(int tokens) {
        return new SamplingSettings(height, width, solver, steps, guidance, batch, tokens);
    }

    /// What [#json] wrote.
    ///
    /// @param where what errors call it
    /// @throws dev.fusedit.torch.UserError if a field is missing or wrong
    public static SamplingSettings of(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        return fields.checked(() -> new SamplingSettings(fields.integer("height"), fields.integer("width"), solver(fields),
                fields.integer("steps"), new Guidance(fields.number("guidance", 1), levels(fields)), fields.integer("batch"),
                fields.integer(LONGEST, PAPER_LONGEST)));
    }

    private static Solver solver(ConfigReader fields) {
        return !fields.has(SOLVER) ? Solver.EULER
                : Arrays.stream(Solver.values()).filter(solver -> solver.toString().equals(fields.text(SOLVER))).findFirst()
                        .orElseThrow(() -> fields.unknown(SOLVER, Joiner.on(", ").join(Solver.values())));
    }

    private static NoiseRange levels(ConfigReader fields) {
        if (!fields.has(LEVELS)) {
            return NoiseRange.WHOLE;
        }
        var bounds = fields.node().path(LEVELS);
        fields.require(bounds.size() == 2 && bounds.path(0).isNumber() && bounds.path(1).isNumber(), LEVELS, "must be two numbers");
        return new NoiseRange(bounds.path(0).doubleValue(), bounds.path(1).doubleValue());
    }

    /// What is usual is left out, so that folders without it stay as they are.
    public ObjectNode json() {
        var json = JsonNodeFactory.instance.objectNode().put("height", height).put("width", width).put("steps", steps)
                .put("guidance", guidance.factor()).put("batch", batch);
        if (solver != Solver.EULER) {
            json.put(SOLVER, solver.toString());
        }
        if (longest != PAPER_LONGEST) {
            json.put(LONGEST, longest);
        }
        if (!guidance.at().equals(NoiseRange.WHOLE)) {
            json.putArray(LEVELS).add(guidance.at().low()).add(guidance.at().high());
        }
        return json;
    }
}
