package dev.fusedit.trainer.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.pipeline.RequestCheck;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import java.security.SecureRandom;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// From a request's JSON to the images that it asks for. What is wrong is said in the words of the command line; what is not known is
/// refused, since it may be meant to change the image.
final class ImageOrders {
    /// As `model_index.json` and recipes call them.
    private static final List<String> SAMPLING = List.of("width", "height", "steps", "guidance", "guidance_interval", "solver");
    private static final Set<String> OWN = Set.of("prompt", "negative", "n", "seed", "previews", "stream", "width", "height", "steps",
            "guidance", "guidance_interval", "solver");
    private static final Set<String> OPEN_AI = Set.of("prompt", "negative", "n", "seed", "partial_images", "stream", "size", "steps",
            "guidance", "guidance_interval", "solver", "model", "user");
    /// Of OpenAI's own models; what is said of them here may be said, and nothing else.
    private static final Map<String, Set<String>> ONLY = Map.of("response_format", Set.of("b64_json"), "output_format", Set.of("png"),
            "quality", Set.of("auto", "standard"), "background", Set.of("auto", "opaque"), "moderation", Set.of("auto", "low"),
            "output_compression", Set.of("100"));
    private static final Pattern SIZE = Pattern.compile("(\\d{1,9})x(\\d{1,9})");
    private static final int MOST_PREVIEWS = 50;
    /// JavaScript's numbers hold such seeds.
    private static final int SEED_BITS = 53;

    private final ServedModel model;
    private final ServeLimits limits;
    private final SecureRandom random = new SecureRandom();

    ImageOrders(ServedModel model, ServeLimits limits) {
        this.model = model;
        this.limits = limits;
    }

    /// @throws UserError if it asks for what is not done here
    ImageJob own(ObjectNode json) {
        requireKnown(json, OWN);
        return job(json, "previews");
    }

    /// @throws Refusal if it asks for another model
    /// @throws UserError if it asks for what is not done here
    ImageJob openAi(ObjectNode json) {
        ONLY.forEach((name, values) -> {
            var value = json.path(name);
            if (isGiven(value) && !values.contains(value.asText())) {
                throw new UserError(
                        "%s: %s must be %s, got %s".formatted(RequestBody.NAME, name, String.join(" or ", values.stream().sorted()
                                .toList()), value));
            }
        });
        var known = new LinkedHashSet<>(OPEN_AI);
        known.addAll(ONLY.keySet());
        requireKnown(json, known);
        requireModel(json.path("model"));
        return job(sized(json), "partial_images");
    }

    private void requireModel(JsonNode name) {
        if (isGiven(name) && !name.asText().equals(model.name())) {
            throw Refusal.of(404, "there is no model '%s' here: there is '%s'".formatted(name.asText(), model.name()));
        }
    }

    private static ObjectNode sized(ObjectNode json) {
        var size = json.path("size");
        if (!isGiven(size) || size.asText().equals("auto")) return json;
        var form = SIZE.matcher(size.asText());
        if (!form.matches()) throw new UserError("%s: size must be WIDTHxHEIGHT or auto, got %s".formatted(RequestBody.NAME, size));
        return json.deepCopy().put("width", Integer.parseInt(form.group(1))).put("height", Integer.parseInt(form.group(2)));
    }

    private static void requireKnown(ObjectNode json, Set<String> known) {
        json.properties().forEach(field -> {
            if (!known.contains(field.getKey()) && isGiven(field.getValue())) {
                throw new UserError("%s: the field '%s' is not known; known are %s".formatted(RequestBody.NAME, field.getKey(),
                        String.join(", ", known.stream().sorted().toList())));
            }
        });
    }

    private static boolean isGiven(JsonNode value) { return !value.isMissingNode() && !value.isNull(); }

    private ImageJob job(ObjectNode json, String previews) {
        var fields = new ConfigReader(json, RequestBody.NAME);
        var prompt = text(fields, "prompt");
        fields.require(!prompt.isBlank(), "prompt", "must be a text that is not blank");
        var settings = settings(json);
        require("width", settings.width(), limits.side(), "--max-side");
        require("height", settings.height(), limits.side(), "--max-side");
        require("steps", settings.steps(), limits.steps(), "--max-steps");
        int n = fields.integer("n", 1);
        fields.require(n >= 1, "n", "must be at least 1");
        require("n", n, limits.images(), "--max-images");
        int shown = fields.integer(previews, 0);
        fields.require(shown >= 0 && shown <= MOST_PREVIEWS, previews, "must be from 0 to %d".formatted(MOST_PREVIEWS));
        var seed = seed(fields);
        var request = settings.request(List.of(prompt)).each(n).negative(text(fields, "negative")).seed(seed);
        RequestCheck.require(model.pipeline().pipeline(), request);
        return new ImageJob(request, seed, shown);
    }

    private SamplingSettings settings(ObjectNode json) {
        var merged = model.pipeline().defaults().json();
        SAMPLING.stream().filter(name -> isGiven(json.path(name))).forEach(name -> merged.set(name, json.get(name)));
        var settings = SamplingSettings.of(merged, RequestBody.NAME);
        if (isGiven(json.path("guidance_interval")) && !settings.guidance().isOn()) {
            throw new UserError("%s: guidance_interval has no effect without guidance, which is %s: give guidance too"
                    .formatted(RequestBody.NAME, settings.guidance().factor()));
        }
        return settings;
    }

    private String text(ConfigReader fields, String name) {
        var text = fields.text(name);
        if (text == null) return "";
        require(name, text.codePointCount(0, text.length()), limits.text(), "--max-text");
        return text;
    }

    private static void require(String name, int value, int most, String option) {
        if (value > most) {
            throw new UserError(
                    "%s: %s of %d is more than this server does, %d (%s)".formatted(RequestBody.NAME, name, value, most, option));
        }
    }

    /// As a number or, since not every reader of JSON keeps 64 bits, as text. Left out, it is drawn.
    private Seed seed(ConfigReader fields) {
        var value = fields.raw("seed");
        if (!isGiven(value)) return Seed.of(random.nextLong() >>> 64 - SEED_BITS);
        try {
            return Seed.of(value.isTextual() ? Long.parseLong(value.textValue())
                    : value.isIntegralNumber() ? value.bigIntegerValue().longValueExact()
                    : Long.parseLong("none"));
        } catch (NumberFormatException | ArithmeticException e) {
            throw new UserError("%s: seed must be a whole number of 64 bits, got %s".formatted(RequestBody.NAME, value), e);
        }
    }
}
