package dev.fusedit.fusion.flow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.torch.UserError;
import java.util.List;
import java.util.Objects;

/// A scheduler, and what the model's output means to it, as diffusers' `scheduler_config.json`. Two fields are ours, and Python's library
/// passes over them: `spacing` for levels that lie evenly, and `prediction_type` for models that predict the picture.
public final class SchedulerConfigs {
    private static final String CLASS = "FlowMatchEulerDiscreteScheduler";
    private static final String EVEN = "even";
    private static final String PICTURE = "sample";

    /// Other ways to place noise levels, which are not to be passed over in silence.
    private static final List<String> UNSUPPORTED = List.of("use_dynamic_shifting", "use_karras_sigmas", "use_exponential_sigmas",
            "use_beta_sigmas", "invert_sigmas", "stochastic_sampling");

    private SchedulerConfigs() {}

    /// @param where the file, for messages
    /// @throws UserError if it is another scheduler, or places noise levels in a way that is not known here
    public static FlowMatchScheduler scheduler(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        if (fields.has("_class_name") && !CLASS.equals(fields.text("_class_name"))) {
            throw fields.unknown("_class_name", CLASS);
        }
        for (var name : UNSUPPORTED) {
            if (fields.flag(name)) {
                throw fields.unknown(name, "false");
            }
        }
        var spacing = fields.has("spacing") ? Objects.requireNonNull(fields.text("spacing")) : "diffusers";
        return fields.checked(() -> new FlowMatchScheduler(fields.number("shift", 1), fields.integer("num_train_timesteps", 1000),
                switch (spacing) {
                    case "diffusers" -> FlowMatchScheduler.Spacing.DIFFUSERS;
                    case EVEN -> FlowMatchScheduler.Spacing.EVEN;
                    default -> throw fields.unknown("spacing", "diffusers, even");
                }));
    }

    /// What the output means for drawing; losses are not told apart.
    public static Prediction prediction(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        return switch (fields.has("prediction_type") ? Objects.requireNonNull(fields.text("prediction_type")) : "velocity") {
            case "velocity" -> new Prediction.Velocity();
            case PICTURE -> new Prediction.Denoised();
            default -> throw fields.unknown("prediction_type", "velocity, sample");
        };
    }

    public static ObjectNode json(FlowMatchScheduler scheduler, Prediction prediction) {
        var root = JsonNodeFactory.instance.objectNode().put("_class_name", CLASS).put("num_train_timesteps", scheduler.levels())
                .put("shift", scheduler.shift());
        switch (scheduler.spacing()) {
            case DIFFUSERS -> {}
            case EVEN -> root.put("spacing", EVEN);
        }
        switch (prediction) {
            case Prediction.Velocity _,Prediction.Preconditioned _ -> {}
            case Prediction.CleanPicture _,Prediction.Denoised _ -> root.put("prediction_type", PICTURE);
        }
        return root;
    }
}
