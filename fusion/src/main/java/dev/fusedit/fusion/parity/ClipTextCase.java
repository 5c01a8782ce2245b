package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.fusion.vision.ClipTextConfig;
import dev.fusedit.fusion.vision.ClipTextModel;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.io.SafeTensors;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// CLIP's text side, with and without a mask of padding.
record ClipTextCase(ClipTextModel model, Expected expected) {
    private static final Set<String> INPUTS = Set.of("input_ids", "attention_mask");

    static boolean is(Case here) {
        return here.has("config.json") && here.json("config.json").path("model_type").asText().equals("clip_text_model");
    }

    static CaseResult run(Case files) {
        try (var io = SafeTensors.open(files.file("io.safetensors"));
                var stored = SafeTensors.open(files.file("weights.safetensors"));
                var weights = Weights.stored(ClipTextModel.named(stored), files.policy());
                var _ = Autograd.noGrad()) {
            var config = ClipTextConfig.of(files.json("config.json"), files.file("config.json").toString());
            var model = ClipTextModel.of(config, weights);
            weights.requireComplete();
            var here = new ClipTextCase(model, new Expected(io, name -> !INPUTS.contains(name)));
            var ids = here.expected.rows("input_ids");
            here.expected.compare("pool_position", Arrays.stream(ids).mapToDouble(model::poolPosition).toArray(), Tolerance.EXACT);
            here.compare("nomask.", ids, null);
            here.compare("mask.", ids, here.expected.rows("attention_mask"));
            return here.expected.result(files.name());
        }
    }

    private void compare(String prefix, long[][] ids, long @Nullable [][] mask) {
        ForwardHooks hook = (name, value) -> expected.compare(prefix + name, value, Tolerance.FINE);
        var output = model.forward(ids, mask, hook);
        expected.compare(prefix + "last_hidden_state", output.last_BTC(), Tolerance.FINE);
        expected.compare(prefix + "pooled", output.pooled_BC(), Tolerance.FINE);
        expected.compare(prefix + "text_embeds", output.embeds_BO(), Tolerance.FINE);
    }
}
