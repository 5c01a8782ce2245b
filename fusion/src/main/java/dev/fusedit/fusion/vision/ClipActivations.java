package dev.fusedit.fusion.vision;

import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.nn.Activation;

/// The names that CLIP's configurations have for activations, transformers' own.
final class ClipActivations {
    static final String FIELD = "hidden_act";

    private ClipActivations() {}

    /// The first CLIP models' own where the file says nothing.
    static Activation read(ConfigReader fields) {
        var name = fields.text(FIELD);
        return switch (name == null ? "quick_gelu" : name) {
            case "quick_gelu" -> Activation.QUICK_GELU;
            case "gelu" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
            case "silu", "swish" -> Activation.SILU;
            case "relu" -> Activation.RELU;
            default -> throw fields.unknown(FIELD, "quick_gelu, gelu, gelu_new, gelu_pytorch_tanh, silu, relu");
        };
    }

    static String name(Activation activation) {
        return switch (activation) {
            case QUICK_GELU -> "quick_gelu";
            case GELU -> "gelu";
            case GELU_TANH -> "gelu_pytorch_tanh";
            case SILU -> "silu";
            case RELU -> "relu";
        };
    }
}
