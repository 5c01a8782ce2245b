package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.fusion.vision.DinoConfig;
import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;

/// DINOv2's encoder on images of several sizes.
record DinoCase(DinoModel model, Expected expected) {
    private static final String INPUT = ".pixel_values";

    static boolean is(Case here) {
        return here.has("config.json") && here.json("config.json").path("model_type").asText().startsWith("dinov2");
    }

    static CaseResult run(Case files) {
        try (var io = SafeTensors.open(files.file("io.safetensors"));
                var stored = SafeTensors.open(files.file("weights.safetensors"));
                var weights = Weights.stored(stored, files.policy());
                var _ = Autograd.noGrad()) {
            var model = DinoModel.of(DinoConfig.of(files.json("config.json"), files.file("config.json").toString()), weights);
            weights.requireComplete();
            var here = new DinoCase(model, new Expected(io, name -> !name.endsWith(INPUT), files.device()));
            here.expected.names().stream().filter(name -> name.endsWith(INPUT)).sorted()
                    .forEach(name -> here.image(name.substring(0, name.length() - INPUT.length()) + "."));
            return here.expected.result(files.name());
        }
    }

    private void image(String prefix) {
        try (var _ = TensorScope.open()) {
            var states = model.forward(expected.read(prefix + "pixel_values"),
                    (name, value) -> expected.compare(prefix + name, value, Tolerance.OUTPUT));
            expected.compare(prefix + "last_hidden_state", states, Tolerance.OUTPUT);
            expected.compare(prefix + "pooled", states.select(1, 0), Tolerance.OUTPUT);
        }
    }
}
