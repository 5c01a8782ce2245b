package dev.fusedit.trainer.sampling;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.flow.NoiseRange;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.log.ProgramVersion;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// How an image was made, as text inside its PNG file: the options of `sample` under their names; `parameters`, as web UIs of Stable
/// Diffusion write and read it (AUTOMATIC1111's infotext: the prompt, a line of the negative one, a line of settings); and `fusedit`, JSON
/// with every digit, by which [RememberedImage] makes the image again. The model is told by its fingerprint alone: what a run and its export
/// sample is the same file.
///
/// @param model empty where it is not known by a fingerprint, as in the midst of a training run
/// @param written false to write none of it
public record SampleNotes(Optional<ModelFingerprint> model, boolean written) {
    /// The keyword of the JSON.
    static final String EXACT = "fusedit";
    static final String MODEL = "model_sha256";

    /// No word of how it was made.
    public static final SampleNotes NONE = new SampleNotes(Optional.empty(), false);

    /// Of a model without a fingerprint.
    static final SampleNotes NAMELESS = new SampleNotes(Optional.empty(), true);

    public static SampleNotes of(ModelFingerprint model) { return new SampleNotes(Optional.of(model), true); }

    /// Of a grid: all prompts, a line each, and the seed of all.
    Map<String, String> ofGrid(ImageRequest request, Seed seed) {
        return of(request, String.join("\n", request.prompts().texts()), seed, json(request, seed, true));
    }

    /// Of one image.
    ///
    /// @param seed by which it is made alone
    public Map<String, String> ofImage(ImageRequest request, String prompt, Seed seed) {
        return of(request, prompt, seed, json(request.prompts(List.of(prompt)), seed, false));
    }

    private Map<String, String> of(ImageRequest request, String prompt, Seed seed, ObjectNode exact) {
        if (!written) return Map.of();
        var notes = ImmutableMap.<String, String>builder().put("Software", "fusedit").put("prompt", prompt);
        if (!request.prompts().negative().isEmpty()) notes.put("negative", request.prompts().negative());
        notes.put("seed", Long.toString(seed.value()));
        settings(notes, request.settings());
        return notes.put("parameters", parameters(request, prompt, seed)).put(EXACT, exact.toString()).buildOrThrow();
    }

    private static void settings(ImmutableMap.Builder<String, String> notes, SamplingSettings settings) {
        notes.put("solver", settings.solver().toString()).put("steps", Integer.toString(settings.steps()))
                .put("guidance", Double.toString(settings.guidance().factor()));
        if (!settings.guidance().at().equals(NoiseRange.WHOLE)) notes.put("guidance-interval", settings.guidance().at().toString());
        notes.put("width", Integer.toString(settings.width())).put("height", Integer.toString(settings.height()));
    }

    private String parameters(ImageRequest request, String prompt, Seed seed) {
        var settings = request.settings();
        var text = new StringBuilder(prompt).append('\n');
        if (!request.prompts().negative().isEmpty()) text.append("Negative prompt: ").append(request.prompts().negative()).append('\n');
        text.append("Steps: %d, Sampler: %s, CFG scale: %s, Seed: %d, Size: %dx%d".formatted(settings.steps(), sampler(settings.solver()),
                shortest(settings.guidance().factor()), seed.value(), settings.width(), settings.height()));
        if (!settings.guidance().at().equals(NoiseRange.WHOLE)) text.append(", CFG interval: ").append(settings.guidance().at());
        model.ifPresent(known -> text.append(", Model hash: ").append(known.brief()));
        return text.append(", Version: fusedit ").append(ProgramVersion.number()).toString();
    }

    /// As web UIs call it.
    private static String sampler(Solver solver) {
        return switch (solver) {
            case EULER -> "Euler";
            case EULER_STOCHASTIC -> "LCM";
            case HEUN -> "Heun";
            case DPMPP_2M -> "DPM++ 2M";
        };
    }

    private static String shortest(double number) {
        return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
    }

    private ObjectNode json(ImageRequest request, Seed seed, boolean grid) {
        var json = JsonNodeFactory.instance.objectNode().put("version", ProgramVersion.number());
        model.ifPresent(known -> json.put(MODEL, known.sha256()));
        json.put("grid", grid);
        request.prompts().texts().forEach(json.putArray("prompts")::add);
        return json.put("n", request.prompts().each()).put("negative", request.prompts().negative()).put("seed", seed.value())
                .set("sampling", request.settings().json());
    }

    /// What tells one way of sampling from another.
    static ObjectNode json(SamplingSettings settings) {
        return JsonNodeFactory.instance.objectNode().put("width", settings.width()).put("height", settings.height())
                .put("solver", settings.solver().toString()).put("steps", settings.steps()).put("guidance", settings.guidance().factor())
                .put("guidance-interval", settings.guidance().at().toString()).put("batch", settings.batch());
    }
}
