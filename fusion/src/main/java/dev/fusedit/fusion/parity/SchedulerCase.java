package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.flow.FlowSampler;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.SchedulerConfigs;
import dev.fusedit.fusion.flow.Shift;
import dev.fusedit.fusion.flow.TimeDensity;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.RandomStream;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.io.SafeTensors;
import java.util.Arrays;
import java.util.regex.Pattern;

/// Noise levels for training and sampling, the draws of PyTorch's generator, times and weights drawn from them, Euler steps.
record SchedulerCase(JsonNode config, Expected expected) {
    private static final Pattern INPUT = Pattern.compile(".*\\.step\\.(x0|v\\d+)");
    private static final Pattern DRAW = Pattern.compile("(randn|rand|randint|randperm)\\(([\\d, ()]*?)\\)(?=,| *$|\\))");

    static boolean is(Case here) { return here.configHas("shifts") || here.configHas("schedulers"); }

    static CaseResult run(Case files) {
        try (var file = SafeTensors.open(files.file("io.safetensors"))) {
            var here = new SchedulerCase(files.json("config.json"), new Expected(file, name -> !INPUT.matcher(name).matches()));
            here.random();
            here.config.path("shifts").forEach(shift -> here.tables(shift.asText().replaceAll("\\.0$", ""), scheduler(shift, here.config)));
            here.config.path("schemes").forEach(here::scheme);
            here.config.path("schedulers").forEach(scheduler -> here.named(scheduler, files.file("config.json").toString()));
            return here.expected.result(files.name());
        }
    }

    private static FlowMatchScheduler scheduler(JsonNode shift, JsonNode config) {
        return new FlowMatchScheduler(shift.asDouble(), config.path("num_train_timesteps").asInt(1000));
    }

    private void compare(String name, float[] actual) { expected.compare(name, TablesCase.doubles(actual), Tolerance.RELATIVE); }

    private void tables(String shift, FlowMatchScheduler scheduler) {
        training("shift" + shift + ".", scheduler);
        sampling("shift" + shift + ".", scheduler);
    }

    /// One with a whole configuration of its own, and for a dynamic shift some sizes of images, or the shifts themselves.
    private void named(JsonNode scheduler, String where) {
        var prefix = scheduler.path("name").asText() + ".";
        var levels = SchedulerConfigs.scheduler(scheduler.path("config"), where + ": " + scheduler.path("name").asText());
        training(prefix, levels);
        if (!levels.shift().isDynamic()) {
            sampling(prefix, levels);
        }
        scheduler.path("tokens").forEach(tokens -> sampling(prefix + "tokens" + tokens.asText() + ".", levels.sized(tokens.asInt())));
        scheduler.path("mus").forEach(mu -> sampling(prefix + "mu" + mu.asText() + ".", levels.of(new Shift.OfSize(mu.asDouble()))));
    }

    private void training(String prefix, FlowMatchScheduler scheduler) {
        compare(prefix + "train.sigmas", scheduler.training().sigmas());
        compare(prefix + "train.timesteps", scheduler.training().timesteps());
    }

    private void sampling(String prefix, FlowMatchScheduler scheduler) {
        config.path("inference_steps").forEach(steps -> {
            compare(prefix + "infer" + steps.asInt() + ".sigmas", scheduler.sampling(steps.asInt()).sigmas());
            compare(prefix + "infer" + steps.asInt() + ".timesteps", scheduler.sampling(steps.asInt()).timesteps());
        });
        steps(prefix + "step.", scheduler);
    }

    private void steps(String prefix, FlowMatchScheduler scheduler) {
        var count = (int) expected.names().stream().filter(name -> name.startsWith(prefix + "v")).count();
        if (count == 0) {
            return;
        }
        var sigmas = scheduler.sampling(count).sigmas();
        var x = expected.read(prefix + "x0");
        for (int i = 0; i < count; i++) {
            x = FlowSampler.step(x, expected.read(prefix + "v" + i), sigmas[i], sigmas[i + 1]);
            expected.compare(prefix + "x" + (i + 1), x, Tolerance.RELATIVE);
        }
    }

    private void scheme(JsonNode scheme) {
        var kind = scheme.path("weighting_scheme").asText();
        TimeDensity density = switch (kind) {
            case "logit_normal" -> new TimeDensity.LogitNormal(-scheme.path("logit_mean").asDouble(), scheme.path("logit_std").asDouble());
            case "mode" -> new TimeDensity.Mode(scheme.path("mode_scale").asDouble());
            default -> new TimeDensity.Uniform();
        };
        var weighting = TransformerTraining.weighting(kind);
        config.path("seeds").forEach(seed -> {
            var drawn = "seed" + seed.asLong() + ".case" + scheme.path("case").asInt() + ".";
            var count = config.path("n").asInt();
            expected.compare(drawn + "u", density.draw(Seed.of(seed.asLong()).stream(), count), Tolerance.RELATIVE);
            config.path("shifts").forEach(shift -> {
                var flow = new FlowMatching(scheduler(shift, config), density, weighting, new Prediction.Velocity());
                drawn("shift" + shift.asText().replaceAll("\\.0$", "") + "." + drawn, flow, flow.indices(Seed.of(seed.asLong()), count));
            });
        });
    }

    private void drawn(String prefix, FlowMatching flow, int[] indices) {
        var table = flow.scheduler().training();
        var sigmas = Arrays.stream(indices).mapToDouble(i -> table.sigmas()[i]).toArray();
        expected.compare(prefix + "indices", Arrays.stream(indices).asDoubleStream().toArray(), Tolerance.EXACT);
        expected.compare(prefix + "sigmas", sigmas, Tolerance.RELATIVE);
        expected.compare(prefix + "timesteps", Arrays.stream(indices).mapToDouble(i -> table.timesteps()[i]).toArray(), Tolerance.RELATIVE);
        expected.compare(prefix + "weighting", Arrays.stream(sigmas).map(flow.weighting()::weight).toArray(), Tolerance.RELATIVE);
    }

    /// The draws that the configuration's note lists, in its order.
    private void random() {
        var note = config.path("rng_note").asText();
        var seed = Pattern.compile("manual_seed\\((\\d+)\\)").matcher(note);
        if (!seed.find()) {
            return;
        }
        var random = Seed.of(Long.parseLong(seed.group(1))).stream();
        DRAW.matcher(note).results().forEach(draw -> {
            var numbers = Arrays.stream(draw.group(2).replaceAll("[^\\d]+", " ").trim().split(" ")).mapToLong(Long::parseLong).toArray();
            draw(random, draw.group(1), numbers);
        });
    }

    private void draw(RandomStream random, String kind, long[] numbers) {
        var name = "rng." + kind + "_" + String.join("x", Arrays.stream(numbers).mapToObj(Long::toString).toList());
        switch (kind) {
            case "randn" -> expected.compare(name, random.randn(DType.F32, numbers), Tolerance.RELATIVE);
            case "rand" -> expected.compare(name, random.rand(DType.F32, numbers), Tolerance.RELATIVE);
            case "randperm" -> expected.compare(name, random.randperm(numbers[0]), Tolerance.EXACT);
            default -> {
                var shape = Arrays.copyOfRange(numbers, 2, numbers.length);
                Tensor drawn = random.randint(numbers[0], numbers[1], shape);
                expected.compare("rng.randint_%s_%s_x%s".formatted(numbers[0], numbers[1], shape[0]), drawn, Tolerance.EXACT);
            }
        }
    }
}
