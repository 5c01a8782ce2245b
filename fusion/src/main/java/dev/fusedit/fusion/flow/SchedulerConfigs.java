package dev.fusedit.fusion.flow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.torch.UserError;
import java.util.Objects;
import java.util.Set;

/// A scheduler, and what the model's output means to it, as diffusers' `scheduler_config.json`. Two fields are ours, and Python's library
/// passes over them: `spacing` for levels that lie evenly, and `prediction_type` for models that predict the image.
public final class SchedulerConfigs {
    private static final String CLASS = "FlowMatchEulerDiscreteScheduler";
    private static final String EVEN = "even";
    private static final String IMAGE = "sample";
    private static final String SPACING = "spacing";
    private static final String PREDICTION = "prediction_type";
    private static final String KARRAS = "use_karras_sigmas";
    private static final String EXPONENTIAL = "use_exponential_sigmas";
    private static final String BETA = "use_beta_sigmas";

    /// What 0.32.0 of diffusers writes.
    private static final Set<String> KNOWN = Set.of("num_train_timesteps", "shift", "use_dynamic_shifting", "base_shift", "max_shift",
            "base_image_seq_len", "max_image_seq_len", "invert_sigmas", "shift_terminal", KARRAS, EXPONENTIAL, BETA, SPACING, PREDICTION);

    private SchedulerConfigs() {}

    /// @param where the file, for messages
    /// @throws UserError if it is another scheduler, or has a field that would change numbers and is not known here
    public static FlowMatchScheduler scheduler(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        if (fields.has("_class_name") && !CLASS.equals(fields.text("_class_name"))) {
            throw fields.unknown("_class_name", CLASS);
        }
        requireKnown(fields);
        return fields.checked(() -> new FlowMatchScheduler(shift(fields), fields.integer("num_train_timesteps", 1000), spacing(fields),
                curve(fields), fields.number("shift_terminal", 0), fields.flag("invert_sigmas")));
    }

    /// A field of a later version, or of another scheduler, is not to be passed over in silence, unless it is switched off.
    private static void requireKnown(ConfigReader fields) {
        if (fields.flag(BETA)) {
            throw fields.unknown(BETA, "false");
        }
        for (var field : fields.node().properties()) {
            var value = field.getValue();
            var isOff = value.isNull() || value.isBoolean() && !value.booleanValue()
                    || field.getKey().equals("time_shift_type") && value.asText().equals("exponential");
            if (!isOff && !field.getKey().startsWith("_") && !KNOWN.contains(field.getKey())) {
                throw new UserError("%s: the field %s (%s) is not supported".formatted(fields.where(), field.getKey(), value));
            }
        }
    }

    private static Shift shift(ConfigReader fields) {
        return fields.flag("use_dynamic_shifting")
                ? new Shift.Dynamic(fields.number("base_shift", 0.5), fields.number("max_shift", 1.15),
                        fields.integer("base_image_seq_len", 256), fields.integer("max_image_seq_len", 4096))
                : new Shift.Fixed(fields.number("shift", 1));
    }

    private static FlowMatchScheduler.Spacing spacing(ConfigReader fields) {
        return switch (fields.has(SPACING) ? Objects.requireNonNull(fields.text(SPACING)) : "diffusers") {
            case "diffusers" -> FlowMatchScheduler.Spacing.DIFFUSERS;
            case EVEN -> FlowMatchScheduler.Spacing.EVEN;
            default -> throw fields.unknown(SPACING, "diffusers, even");
        };
    }

    private static FlowMatchScheduler.Curve curve(ConfigReader fields) {
        var karras = fields.flag(KARRAS);
        if (karras && fields.flag(EXPONENTIAL)) {
            throw new UserError("%s: only one of %s and %s can be true".formatted(fields.where(), KARRAS, EXPONENTIAL));
        }
        return karras ? FlowMatchScheduler.Curve.KARRAS
                : fields.flag(EXPONENTIAL) ? FlowMatchScheduler.Curve.EXPONENTIAL : FlowMatchScheduler.Curve.NONE;
    }

    /// What the output means for sampling; losses are not told apart.
    public static Prediction prediction(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        var kind = fields.has(PREDICTION) ? Objects.requireNonNull(fields.text(PREDICTION)) : "velocity";
        if (kind.equals(IMAGE) && fields.flag("invert_sigmas")) {
            throw new UserError("%s: invert_sigmas needs a model of velocities, but %s is %s".formatted(where, PREDICTION, kind));
        }
        return switch (kind) {
            case "velocity" -> new Prediction.Velocity();
            case IMAGE -> new Prediction.X0();
            default -> throw fields.unknown(PREDICTION, "velocity, sample");
        };
    }

    public static ObjectNode json(FlowMatchScheduler scheduler, Prediction prediction) {
        var root = JsonNodeFactory.instance.objectNode().put("_class_name", CLASS).put("num_train_timesteps", scheduler.levels());
        switch (scheduler.shift()) {
            case Shift.Fixed(var factor) -> root.put("shift", factor);
            case Shift.Dynamic(var base, var most, var baseTokens, var mostTokens) -> root.put("use_dynamic_shifting", true)
                    .put("base_shift", base).put("max_shift", most).put("base_image_seq_len", baseTokens)
                    .put("max_image_seq_len", mostTokens);
            case Shift.OfSize _ -> throw new IllegalArgumentException("a file holds the rule of a dynamic shift, not one size's");
        }
        switch (scheduler.curve()) {
            case NONE -> {}
            case KARRAS -> root.put(KARRAS, true);
            case EXPONENTIAL -> root.put(EXPONENTIAL, true);
        }
        if (scheduler.terminal() > 0) {
            root.put("shift_terminal", scheduler.terminal());
        }
        if (scheduler.inverted()) {
            root.put("invert_sigmas", true);
        }
        switch (scheduler.spacing()) {
            case DIFFUSERS -> {}
            case EVEN -> root.put(SPACING, EVEN);
        }
        switch (prediction) {
            case Prediction.Velocity _ -> {}
            case Prediction.EdmPreconditioned _ -> {}
            case Prediction.X0WithVLoss _ -> root.put(PREDICTION, IMAGE);
            case Prediction.X0 _ -> root.put(PREDICTION, IMAGE);
        }
        return root;
    }
}
