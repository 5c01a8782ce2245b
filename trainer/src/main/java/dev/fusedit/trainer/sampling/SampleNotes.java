package dev.fusedit.trainer.sampling;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.flow.NoiseRange;
import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.torch.Seed;
import java.util.Map;

/// How an image was made, as text inside its PNG file: the options of `sample` that make it again from the same model. Which one that is
/// stands nowhere in it: what a run and its export sample is the same file.
final class SampleNotes {
    private SampleNotes() {}

    /// Of a grid: all prompts, a line each, and the seed of all.
    static Map<String, String> ofGrid(ImageRequest request, Seed seed) {
        return of(request, String.join("\n", request.prompts().texts()), seed);
    }

    static Map<String, String> of(ImageRequest request, String prompt, Seed seed) {
        var notes = ImmutableMap.<String, String>builder().put("Software", "fusedit").put("prompt", prompt);
        if (!request.prompts().negative().isEmpty()) notes.put("negative", request.prompts().negative());
        notes.put("seed", Long.toString(seed.value()));
        settings(notes, request.settings());
        return notes.buildOrThrow();
    }

    private static void settings(ImmutableMap.Builder<String, String> notes, SamplingSettings settings) {
        notes.put("solver", settings.solver().toString()).put("steps", Integer.toString(settings.steps()))
                .put("guidance", Double.toString(settings.guidance().factor()));
        if (!settings.guidance().at().equals(NoiseRange.WHOLE)) notes.put("guidance-interval", settings.guidance().at().toString());
        notes.put("width", Integer.toString(settings.width())).put("height", Integer.toString(settings.height()));
    }

    /// What tells one way of sampling from another.
    static ObjectNode json(SamplingSettings settings) {
        return JsonNodeFactory.instance.objectNode().put("width", settings.width()).put("height", settings.height())
                .put("solver", settings.solver().toString()).put("steps", settings.steps()).put("guidance", settings.guidance().factor())
                .put("guidance-interval", settings.guidance().at().toString()).put("batch", settings.batch());
    }
}
