package dev.fusedit.trainer.bench;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.dit.ForwardOptions;
import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.bench.PartTimes.Part;
import dev.fusedit.trainer.optim.AdamW;
import dev.fusedit.trainer.optim.Gradients;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.Update;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// Training steps as [dev.fusedit.trainer.stage.StageLoop] does them, without its data, logs and checkpoints.
final class TrainWork implements Work {
    static final double RATE = 1e-4;
    static final double DECAY = 1e-4;
    static final double BETA1 = 0.9;
    static final double BETA2 = 0.999;
    static final double EPS = 1e-8;

    private final Workload.Train workload;
    private final BenchModel model;
    private final FlowMatching flow = FlowMatching.ofThePaper();
    private final OptimizerState moments = new OptimizerState();
    private final AdamW optimizer = new AdamW(BETA1, BETA2, EPS, moments);
    private final Lanes lanes;
    /// For each lane; the first are the weights themselves.
    private final List<Weights> leaves;
    private final List<ImageModel> models;
    private final PartTimes.Watch update = new PartTimes.Watch();

    TrainWork(Workload.Train workload, BenchOptions options) {
        this.workload = workload;
        model = BenchModel.of(workload.shape(), options.policy().training(name -> name.startsWith("dit.")));
        model.weights().train(name -> name.startsWith("dit."));
        lanes = Lanes.of(options.lanes(workload));
        leaves = IntStream.range(0, lanes.count()).mapToObj(i -> i == 0 ? model.weights() : model.weights().replica()).toList();
        models = leaves.stream().map(own -> own == model.weights() ? model.model() : model.model().over(own)).toList();
    }

    @Override
    public double repeat(int index) { return step(model, index); }

    /// A step on next to nothing, a sample a lane. What is there however large the batch is comes into being: gradients, moments, the
    /// kernels' own memory.
    void least() {
        try (var _ = TensorScope.open()) {
            var shape = workload.shape();
            step(model.least(Math.min(lanes.count(), shape.batch()), shape.model().image().patch()), 0);
        }
    }

    private double step(BenchModel model, int index) {
        try (var _ = TensorScope.open(); var gradients = new Gradients(model.weights().trainable())) {
            double loss = backward(model, index, gradients);
            update.time(() -> {
                double norm = gradients.norm();
                gradients.scale(norm <= workload.gradClip() ? 1 : workload.gradClip() / (norm + 1e-6));
                optimizer.step(model.weights().trainable().stream().filter(parameter -> gradients.of(parameter.name()) != null)
                        .map(parameter -> new Update(parameter.name(), parameter.master(), gradients.sums().get(parameter.name()), RATE,
                                DECAY))
                        .toList());
                model.weights().refreshCopies();
            });
            return loss;
        }
    }

    private double backward(BenchModel model, int index, Gradients gradients) {
        try (var _ = TensorScope.open()) {
            var noised = flow.noised(model.latents(), SEED.derive("step", index));
            var parts = lanes.cut(model.prompt().batch());
            double loss = lanes.run(IntStream.range(0, parts.size()).<Supplier<Double>>mapToObj(i -> () -> {
                var part = parts.get(i);
                return backward(models.get(i), noised.rows(part.first(), part.count()), model.prompt().rows(part.indices()),
                        model.prompt().batch());
            }).toList()).stream().mapToDouble(part -> part).sum();
            gradients.take(leaves, lanes);
            return loss;
        }
    }

    /// Some of a batch; its share of the loss.
    private double backward(ImageModel own, FlowMatching.Noised noised, Prompt prompt, int batch) {
        try (var pass = own.pass(false)) {
            var read = pass.text(prompt, false);
            var compute = model.weights().policy().compute();
            var image = pass.image(noised.noisy().to(compute), noised.timesteps_B(), read, null, ForwardOptions.NONE);
            var loss = flow.loss(image.prediction(), noised).mul((double) prompt.batch() / batch);
            pass.backward(loss);
            return loss.item();
        }
    }

    @Override
    public int lanes() { return lanes.cut(workload.shape().batch()).size(); }

    @Override
    public Map<Part, Double> parts() {
        update.reset();
        repeat(0);
        var parts = ImmutableMap.<Part, Double>builder().put(Part.TEXT, PartTimes.ofText(model, model.prompt())).put(Part.OPTIMIZER,
                update.seconds());
        try (var _ = TensorScope.open(); var _ = Autograd.withGrad()) {
            parts.putAll(PartTimes.ofBlocks(model, true));
        }
        model.weights().clearGradients();
        return parts.buildOrThrow();
    }

    @Override
    public DType weightsDtype() { return model.weights().policy().master(); }

    @Override
    public void close() {
        lanes.close();
        leaves.stream().skip(1).forEach(Weights::close);
        moments.close();
        model.close();
    }
}
