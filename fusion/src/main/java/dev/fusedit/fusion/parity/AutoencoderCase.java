package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.util.regex.Pattern;

/// An autoencoder of images: latents' distributions and samples, images again, what flows inside.
record AutoencoderCase(AutoencoderKL model, Expected expected) {
    private static final Pattern INPUT = Pattern.compile("\\d+\\.(image|noise)");

    static boolean is(Case here) {
        return here.has("config.json") && !PipelineCase.isAutoencoderBeside(here)
                && here.json("config.json").path("_class_name").asText().equals("AutoencoderKL");
    }

    static CaseResult run(Case files) {
        try (var io = SafeTensors.open(files.file("io.safetensors"));
                var stored = SafeTensors.open(files.file("weights.safetensors"));
                var weights = Weights.stored(AutoencoderKL.named(stored), files.policy());
                var _ = Autograd.noGrad()) {
            var config = AutoencoderConfig.of(files.json("config.json"), files.file("config.json").toString());
            var model = AutoencoderKL.of(config, weights);
            weights.requireComplete();
            var here = new AutoencoderCase(model, new Expected(io, name -> !INPUT.matcher(name).matches(), files.device()));
            here.expected.names().stream().filter(name -> name.endsWith(".image")).sorted()
                    .forEach(name -> here.image(name.substring(0, name.length() - "image".length())));
            return here.expected.result(files.name());
        }
    }

    private void image(String prefix) {
        try (var _ = TensorScope.open()) {
            var image = expected.read(prefix + "image");
            expected.compare(prefix + "parameters", model.moments(image, hook(prefix + "stage.encoder.")), Tolerance.TAP);
            var posterior = model.slicing().encode(image);
            expected.compare(prefix + "mean", posterior.mean_BCHW(), Tolerance.TAP);
            expected.compare(prefix + "logvar", posterior.logvar_BCHW(), Tolerance.TAP);
            var sample = posterior.sample(expected.read(prefix + "noise"));
            expected.compare(prefix + "sample", sample, Tolerance.TAP);
            expected.compare(prefix + "scaled_latents", model.scaled(sample), Tolerance.TAP);
            var latents = model.unscaled(expected.read(prefix + "scaled_latents"));
            expected.compare(prefix + "decoded", model.decode(latents, hook(prefix + "stage.decoder.")), Tolerance.TAP);
        }
    }

    private ForwardHooks hook(String prefix) { return (name, value) -> expected.compare(prefix + name, value, Tolerance.TAP); }
}
