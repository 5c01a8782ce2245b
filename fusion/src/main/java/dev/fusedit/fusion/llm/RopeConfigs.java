package dev.fusedit.fusion.llm;

import dev.fusedit.fusion.config.ConfigReader;
import java.util.OptionalDouble;

/// Rotary positions as `config.json` has them: `rope_theta` and `rope_scaling` among the other fields, or both in an object of their own
/// (`rope_parameters`, newer files), which may be split by the kind of a layer's attention. What a file says in several places must agree.
final class RopeConfigs {
    private static final String PARAMETERS = "rope_parameters";
    private static final String SCALING = "rope_scaling";
    private static final String THETA = "rope_theta";
    private static final String LOCAL = "rope_local_base_freq";

    private RopeConfigs() {}

    static double theta(ConfigReader base, double usual) {
        return agreed(base, THETA, number(base, THETA), full(base) == base ? OptionalDouble.empty() : number(full(base), THETA), usual);
    }

    /// Of layers with a window, in the family that has another one there.
    static double localTheta(ConfigReader base) {
        var split = base.has(PARAMETERS) && base.in(PARAMETERS).has(LanguageConfigs.SLIDING);
        var own = OptionalDouble.empty();
        if (split) {
            var local = base.in(PARAMETERS).in(LanguageConfigs.SLIDING);
            local.require(scaling(local, PARAMETERS).equals(RopeScaling.NONE), "rope_type",
                    "must be default: nothing is scaled in a window");
            own = number(local, THETA);
        }
        return agreed(base, LOCAL, number(base, LOCAL), own, 10_000);
    }

    private static double agreed(ConfigReader base, String field, OptionalDouble above, OptionalDouble within, double usual) {
        if (above.isPresent() && within.isPresent()) {
            base.require(above.getAsDouble() == within.getAsDouble(), field,
                    "must agree with %s, which says %s".formatted(PARAMETERS, within.getAsDouble()));
        }
        return above.orElse(within.orElse(usual));
    }

    private static OptionalDouble number(ConfigReader fields, String name) {
        return fields.has(name) ? OptionalDouble.of(fields.number(name, 0)) : OptionalDouble.empty();
    }

    /// The object for layers that see everything; the fields themselves where there is none.
    private static ConfigReader full(ConfigReader base) {
        if (!base.has(PARAMETERS)) {
            return base;
        }
        var own = base.in(PARAMETERS);
        return own.has(LanguageConfigs.FULL) ? own.in(LanguageConfigs.FULL) : own;
    }

    static RopeScaling scaling(ConfigReader base) {
        var within = full(base) == base ? RopeScaling.NONE : scaling(full(base), PARAMETERS);
        if (!base.has(SCALING)) {
            return within;
        }
        var above = scaling(base.in(SCALING), SCALING);
        base.require(full(base) == base || above.equals(within), SCALING, "must agree with " + PARAMETERS);
        return above;
    }

    private static RopeScaling scaling(ConfigReader scaling, String where) {
        var field = scaling.has("rope_type") ? "rope_type" : "type";
        var kind = scaling.text(field);
        scaling.require(kind != null || where.equals(PARAMETERS) || scaling.node().isEmpty() || scaling.has(THETA), field,
                "must be one of default, linear, llama3");
        if (scaling.has("rope_type") && scaling.has("type")) {
            scaling.require(scaling.raw("type").equals(scaling.raw("rope_type")), "type", "must agree with rope_type");
        }
        if (scaling.number("partial_rotary_factor", 1) != 1) {
            throw scaling.unknown("partial_rotary_factor", "1 (rotary positions turn the whole head)");
        }
        return switch (kind == null ? "default" : kind) {
            case "default" -> RopeScaling.NONE;
            case "linear" -> new RopeScaling.Linear(scaling.number("factor", 1));
            case "llama3" -> new RopeScaling.Llama3(scaling.number("factor", 8), scaling.number("low_freq_factor", 1),
                    scaling.number("high_freq_factor", 4), scaling.integer("original_max_position_embeddings"));
            default -> throw scaling.unknown(field, "default, linear, llama3");
        };
    }
}
