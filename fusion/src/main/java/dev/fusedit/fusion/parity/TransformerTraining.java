package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.flow.LossWeighting;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.TimeDensity;
import dev.fusedit.fusion.parity.TransformerCase.Loaded;
import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.FusedAdamW;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/// The training half of a transformer case: losses, gradients, three steps of AdamW with clipping and a moving average.
record TransformerTraining(TransformerCase test) {
    private static final List<String> MODES = List.of("dit", "all");

    private Expected expected() { return test.expected(); }

    private JsonNode training() { return test.config().path("training"); }

    /// The reference's names: those that draw times unevenly weight evenly.
    static LossWeighting weighting(String name) {
        return switch (name) {
            case "sigma_sqrt" -> new LossWeighting.SigmaSqrt();
            case "cosmap" -> new LossWeighting.Cosmap();
            case "none", "mode", "logit_normal" -> new LossWeighting.Uniform();
            default -> throw new UserError(
                    "the weighting '%s' is not known: one of none, mode, logit_normal, sigma_sqrt, cosmap".formatted(name));
        };
    }

    private FlowMatching flow(String weighting, boolean precondition) {
        return new FlowMatching(new FlowMatchScheduler(training().path("scheduler_shift").asDouble(3),
                training().path("num_train_timesteps").asInt(1000)), new TimeDensity.Uniform(),
                weighting(weighting),
                precondition ? new Prediction.EdmPreconditioned() : new Prediction.Velocity());
    }

    private FlowMatching.Noised noised(FlowMatching flow, int step) {
        try (var scope = TensorScope.open()) {
            var indices = Arrays.stream(test.wholes("train.indices." + step)).mapToInt(i -> (int) i).toArray();
            return scope.keep(flow.noised(scope.keep(test.input("train.latents")), scope.keep(test.input("train.noise." + step)), indices));
        }
    }

    private Tensor output(Loaded loaded, FlowMatching.Noised noised) {
        return TensorScope.scoped(
                () -> loaded.model().image(noised.noisy(), noised.timesteps_B(), loaded.model().text(test.prompt("")), test.pooled()));
    }

    void run() {
        var modes = MODES.stream().filter(mode -> test.config().path("trainable").has(mode)).toList();
        try (var loaded = test.load(test.files().policy()); var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var noised = noised(flow("none", false), 0);
            expected().compare("train.noisy", noised.noisy(), Tolerance.OUTPUT);
            var output = output(loaded, noised);
            expected().compare("train.prediction", output, Tolerance.OUTPUT);
            for (var weighting : List.of("none", "mode", "logit_normal", "sigma_sqrt", "cosmap")) {
                for (var kind : List.of("plain", "precondition")) {
                    expected().compare("train.loss." + weighting + "." + kind,
                            new double[] {Expected.number(flow(weighting, kind.equals("precondition")).loss(output, noised))},
                            Tolerance.LOSS);
                }
            }
        }
        modes.forEach(mode -> {
            gradients(mode, "plain");
            gradients(mode, "precondition");
            optimize(mode);
        });
    }

    private List<String> names(String list, String mode) {
        return StreamSupport.stream(test.config().path(list).path(mode).spliterator(), false).map(JsonNode::asText).toList();
    }

    private List<Parameter> train(Loaded loaded, String mode) {
        var names = names("trainable", mode);
        var chosen = Set.copyOf(names);
        loaded.weights().train(chosen::contains);
        return names.stream().map(loaded.weights()::parameter).toList();
    }

    private double lossAndBackward(Loaded loaded, String mode, boolean precondition, int step) {
        try (var _ = TensorScope.open()) {
            var flow = flow(training().path("weighting_scheme").asText("none").toLowerCase(Locale.ROOT), precondition);
            var noised = noised(flow, step);
            var loss = flow.loss(output(loaded, noised), noised);
            loss.backward();
            return Expected.number(loss);
        }
    }

    private void gradients(String mode, String kind) {
        var prefix = "train." + mode + "." + kind + ".";
        try (var loaded = test.load(test.files().policy()); var _ = TensorScope.open()) {
            var parameters = train(loaded, mode);
            expected().compare(prefix + "loss", new double[] {lossAndBackward(loaded, mode, kind.equals("precondition"), 0)},
                    Tolerance.LOSS);
            var norms = parameters.stream().mapToDouble(p -> Expected.number(gradientOrZero(p).norm())).toArray();
            expected().compare(prefix + "grad_norms", norms, Tolerance.GRADIENT_NORM);
            parameters.forEach(p -> expected().compare(prefix + "grad." + p.name(), gradientOrZero(p), Tolerance.GRADIENT));
        }
    }

    /// What nothing reads has no gradient here. The reference's last query projection gets one of zeros: it is the same number.
    private static Tensor gradientOrZero(Parameter parameter) {
        var gradient = parameter.gradient();
        return gradient == null ? zeros(parameter) : gradient;
    }

    private static Tensor zeros(Parameter like) { return Tensor.zeros(DType.F32, like.master().device(), like.master().shape()); }

    private void optimize(String mode) {
        var prefix = "optim." + mode + ".";
        var steps = training().path("steps").asInt(3);
        try (var loaded = test.load(test.files().policy()); var _ = TensorScope.open()) {
            var parameters = train(loaded, mode);
            var averages = parameters.stream().map(p -> p.master().detach().copy()).toList();
            var skipped = Set.copyOf(names("not_optimised", mode));
            var optimizer = new Optimizer(parameters.stream().filter(p -> !skipped.contains(p.name())).toList());
            var losses = new double[steps];
            var norms = new double[steps];
            for (int step = 0; step < steps; step++) {
                losses[step] = lossAndBackward(loaded, mode, false, step);
                try (var _ = Autograd.noGrad(); var _ = TensorScope.open()) {
                    norms[step] = optimizer.step(step + 1);
                    Foreach.lerp(averages, parameters.stream().map(Parameter::master).toList(),
                            1 - training().path("ema_decay").asDouble());
                }
                loaded.weights().clearGradients();
            }
            expected().compare(prefix + "losses", losses, Tolerance.LOSS);
            expected().compare(prefix + "grad_norms", norms, Tolerance.GRADIENT_NORM);
            compareSums(prefix + "param", parameters.stream().map(p -> p.master().detach()).toList());
            compareSums(prefix + "ema", averages);
            IntStream.range(0, parameters.size()).forEach(i -> {
                expected().compare(prefix + "param." + parameters.get(i).name(), parameters.get(i).master().detach(), Tolerance.PARAMETER);
                expected().compare(prefix + "ema." + parameters.get(i).name(), averages.get(i), Tolerance.PARAMETER);
            });
        }
    }

    private void compareSums(String name, List<Tensor> tensors) {
        if (expected().has(name + "_abs_sum")) {
            var scale = expected().values(name + "_abs_sum");
            expected().compare(name + "_sum", sums(tensors, false), scale, Tolerance.SUM);
            expected().compare(name + "_abs_sum", sums(tensors, true), scale, Tolerance.SUM);
        }
    }

    private static double[] sums(List<Tensor> tensors, boolean absolute) {
        return tensors.stream().mapToDouble(t -> {
            try (var _ = TensorScope.open()) {
                var wide = t.to(DType.F64);
                return Expected.number((absolute ? wide.abs() : wide).sum());
            }
        }).toArray();
    }

    /// AdamW as the case's configuration has it.
    private final class Optimizer {
        private final List<Tensor> weights = new ArrayList<>();
        private final List<Parameter> parameters;
        private final List<Tensor> first;
        private final List<Tensor> second;

        Optimizer(List<Parameter> parameters) {
            this.parameters = parameters;
            parameters.forEach(p -> weights.add(p.master()));
            first = parameters.stream().map(TransformerTraining::zeros).toList();
            second = parameters.stream().map(TransformerTraining::zeros).toList();
        }

        /// Clips and steps; returns the norm before clipping.
        double step(int number) {
            var gradients = parameters.stream().map(TransformerTraining::gradientOrZero).toList();
            var norm = Expected.number(Foreach.norm(gradients));
            Foreach.mul(gradients, Math.min(1, training().path("gradient_clipping").asDouble() / (norm + 1e-6)));
            var settings = training().path("optimizer");
            FusedAdamW.step(weights, gradients, first, second, number, settings.path("lr").asDouble(), new FusedAdamW.Settings(
                    settings.path("betas").path(0).asDouble(), settings.path("betas").path(1).asDouble(), settings.path("eps").asDouble(),
                    settings.path("weight_decay").asDouble()));
            return norm;
        }
    }
}
