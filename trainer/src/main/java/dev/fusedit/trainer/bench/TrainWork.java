package dev.fusedit.trainer.bench;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.bench.PartTimes.Part;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.ParameterOwners;
import dev.fusedit.trainer.optim.RateSchedule;
import dev.fusedit.trainer.recipe.OptimizerRecipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.Schedule;
import dev.fusedit.trainer.step.Ranks;
import dev.fusedit.trainer.step.TrainableParameter;
import dev.fusedit.trainer.step.TrainingStep;
import dev.fusedit.trainer.step.UpdateRule;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Training steps as runs do them ([TrainingStep]), without their data, logs and checkpoints.
final class TrainWork implements Work {
    static final double RATE = 1e-4;
    static final double DECAY = 1e-4;
    static final double BETA1 = 0.9;
    static final double BETA2 = 0.999;
    static final double EPS = 1e-8;

    private final Workload.Train workload;
    private final BenchModel model;
    private final int lanes;
    private final OptimizerState moments = new OptimizerState();
    private final EmaWeights none = new EmaWeights();
    private final TrainingStep<BenchModel, FlowObjective.Part> step;

    TrainWork(Workload.Train workload, BenchOptions options) {
        this.workload = workload;
        model = BenchModel.of(workload.shape(), options.policy().training(TrainWork::learns));
        lanes = options.lanes(workload);
        var optimizer = new OptimizerRecipe.AdamW(List.of(BETA1, BETA2), EPS, DECAY, OptimizerRecipe.Decay.ALL);
        var rule = new UpdateRule(workload.name(), 0, new RateSchedule(new Schedule.Constant(), 0, Long.MAX_VALUE), RATE, optimizer,
                workload.gradClip(), null, null, Set.of(), options.dtype() == DType.BF16 ? Run.Precision.BF16 : Run.Precision.F32,
                SEED.value());
        step = new TrainingStep<>(rule, 0, lanes, 1, Ranks.ALONE, model.weights(),
                own -> new FlowObjective(own == model.weights() ? model.model() : model.model().over(own), own.policy().compute()),
                TrainableParameter.of(optimizer, RATE, model.weights().all().filter(parameter -> learns(parameter.name()))), none, moments,
                ParameterOwners.ALL);
    }

    private static boolean learns(String parameter) { return parameter.startsWith("dit."); }

    @Override
    public double repeat(int index) { return step.step(model, List.of(), index).get().losses().total(); }

    /// A step on next to nothing, a sample a lane. What is there however large the batch is comes into being: gradients, moments, the
    /// kernels' own memory.
    void least() {
        try (var _ = TensorScope.open()) {
            var shape = workload.shape();
            step.step(model.least(Math.min(lanes, shape.batch()), shape.model().image().patch()), List.of(), 0).get();
        }
    }

    @Override
    public int lanes() { return lanes; }

    @Override
    public Map<Part, Double> parts() {
        repeat(0);
        var parts = ImmutableMap.<Part, Double>builder().put(Part.TEXT, PartTimes.ofText(model, model.prompt()));
        if (model.latents().device().isCpu()) parts.put(Part.OPTIMIZER, step.secondsOfUpdate());
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
        step.close();
        none.close();
        moments.close();
        model.close();
    }
}
