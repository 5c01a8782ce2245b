package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.fusion.vision.ClipVisionConfig;
import dev.fusedit.fusion.vision.ClipVisionModel;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.io.SafeTensors;
import java.util.Set;

/// CLIP's image side.
final class ClipVisionCase {
    private static final Set<String> INPUTS = Set.of("image_u8", "pixel_values");

    private ClipVisionCase() {}

    static boolean is(Case here) {
        return here.has("config.json") && here.json("config.json").path("model_type").asText().equals("clip_vision_model");
    }

    static CaseResult run(Case files) {
        try (var io = SafeTensors.open(files.file("io.safetensors"));
                var stored = SafeTensors.open(files.file("weights.safetensors"));
                var weights = Weights.stored(ClipVisionModel.named(stored), files.policy());
                var _ = Autograd.noGrad()) {
            var model = ClipVisionModel.of(ClipVisionConfig.of(files.json("config.json"), files.file("config.json").toString()), weights);
            weights.requireComplete();
            var expected = new Expected(io, name -> !INPUTS.contains(name), files.device());
            var output = model.forward(expected.read("pixel_values"), (name, value) -> expected.compare(name, value, Tolerance.FINE));
            expected.compare("last_hidden_state", output.last_BNC(), Tolerance.FINE);
            expected.compare("pooled", output.pooled_BC(), Tolerance.FINE);
            expected.compare("image_embeds", output.embeds_BO(), Tolerance.FINE);
            return expected.result(files.name());
        }
    }
}
