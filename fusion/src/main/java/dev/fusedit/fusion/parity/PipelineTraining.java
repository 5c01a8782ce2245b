package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.TimeDensity;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.RandomStream;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Objects;

/// One training step from pixels on, for several ways to draw times and weigh losses: noise, latents, loss, gradients of all weights but an
/// external text encoder's. Noise and times are drawn on the CPU, as in training.
record PipelineTraining(Case files, JsonNode config, ImageModel model, AutoencoderKL vae, Weights weights, Expected expected) {
    private static final double MODE_SCALE = 1.29;
    private static final long FEW = 8;
    private static final String PRECONDITIONED = "_precond";

    static CaseResult run(Case files, JsonNode config, ImageModel model, AutoencoderKL vae, Weights weights) {
        try (var file = SafeTensors.open(files.file("train_step.safetensors")); var _ = TensorScope.open()) {
            var expected =
                    new Expected(file, name -> !name.equals("pixel_values") && !name.equals("input_ids") && !name.equals("attention_mask"),
                            files.device());
            var here = new PipelineTraining(files, config, model, vae, weights, expected);
            weights.train(_ -> true);
            config.path("train_step").path("results").properties().forEach(entry -> here.setting(entry.getKey(), entry.getValue()));
            return expected.result("train_step");
        }
    }

    private void setting(String name, JsonNode result) {
        try (var _ = TensorScope.open()) {
            var random = Seed.of(config.path("train_step").path("seed").asLong()).stream();
            var shape = expected.shape("noise");
            Tensor encoderNoise = random.randn(DType.F32, shape), noise = channelsLast(random, shape);
            expected.compare("encoder_noise", encoderNoise, Tolerance.RELATIVE);
            expected.compare("noise", noise, Tolerance.RELATIVE);
            var u = density(name).draw(random, (int) shape[0]);
            expected.compare(name + ".u", u, Tolerance.RELATIVE);
            var clean = clean(encoderNoise.to(files.device()));
            expected.compare("model_input", clean, Tolerance.TAP);
            var scheduler = PipelineCase.scheduler(files, config);
            var flow = new FlowMatching(scheduler, density(name), TransformerTraining.weighting(scheme(name)),
                    name.endsWith(PRECONDITIONED) ? new Prediction.EdmPreconditioned() : new Prediction.Velocity());
            var indices = Arrays.stream(u.mul((double) scheduler.levels()).toLongs())
                    .mapToInt(place -> (int) Math.min(place, scheduler.levels() - 1)).toArray();
            var noised = flow.noised(clean, noise.to(files.device()), indices);
            var prompt = Prompt.masked(expected.rows("input_ids"), expected.rows("attention_mask"));
            var loss = flow.loss(model.forward(noised.noisy(), noised.timesteps_B(), prompt), noised);
            loss.backward();
            compare(name, Expected.number(loss), result);
            weights.clearGradients();
        }
    }

    /// The reference's latents lie with their channels last, and PyTorch draws for such a tensor one number after the other, as it does
    /// for fewer than 16.
    private static Tensor channelsLast(RandomStream random, long[] shape) {
        var parts = new ArrayList<Tensor>();
        for (long left = Arrays.stream(shape).reduce(1, (a, b) -> a * b); left > 0; left -= FEW) {
            parts.add(random.randn(DType.F32, Math.min(FEW, left)));
        }
        return Tensor.cat(0, parts).view(shape[0], shape[2], shape[3], shape[1]).permute(0, 3, 1, 2).contiguous();
    }

    /// A setting's way to draw times and weigh losses, without what it says of the prediction.
    private static String scheme(String name) {
        return name.endsWith(PRECONDITIONED) ? name.substring(0, name.length() - PRECONDITIONED.length()) : name;
    }

    private static TimeDensity density(String name) {
        return switch (scheme(name)) {
            case "logit_normal" -> new TimeDensity.LogitNormal(0, 1);
            case "mode" -> new TimeDensity.Mode(MODE_SCALE);
            default -> new TimeDensity.Uniform();
        };
    }

    private Tensor clean(Tensor encoderNoise) {
        try (var _ = Autograd.noGrad()) {
            return vae.scaled(vae.encode(expected.read("pixel_values")).sample(encoderNoise));
        }
    }

    private void compare(String name, double loss, JsonNode result) {
        expected.compare(name + ".loss", new double[] {loss}, Tolerance.STEP_LOSS);
        expected.compareNumbers(name + " loss", new double[] {loss}, new double[] {result.path("loss").asDouble()}, Tolerance.STEP_LOSS);
        var gradients =
                weights.trainable().stream().map(Parameter::gradient).filter(Objects::nonNull).map(Objects::requireNonNull).toList();
        expected.compareNumbers(name + " grad_norm", new double[] {Expected.number(Foreach.norm(gradients))},
                new double[] {result.path("grad_norm").asDouble()}, Tolerance.STEP_LOSS);
        weights.trainable().stream().filter(parameter -> parameter.name().endsWith("proj_out.weight"))
                .filter(p -> !p.name().contains("layers"))
                .forEach(parameter -> expected.compare(name + ".grad.proj_out.weight", Objects.requireNonNull(parameter.gradient()),
                        Tolerance.STEP_GRADIENT));
    }
}
