package dev.fusedit.trainer.pace;

import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.Optimizer;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.Update;
import dev.fusedit.trainer.optim.WeightSteps;
import dev.fusedit.trainer.recipe.Ema;
import dev.fusedit.trainer.stage.StageParts;
import dev.fusedit.trainer.stage.StagePlan;
import dev.fusedit.trainer.step.TrainableParameter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How long a stage's optimizer and average take: tried on copies of some of its weights, from which those of all follow by their size.
///
/// @param parts of the run
/// @param plan of the stage
record UpdateTrial(StageParts parts, StagePlan plan, Trials trials) {
    /// Weights that are tried, in all; copies, gradients and moments take 64 MB of f32.
    private static final long ELEMENTS = 1 << 22;
    private static final double SHARE_OF_TIME = 0.2;
    private static final int MOST = 10;

    /// Seconds of a step's update.
    ///
    /// @param step of the stage, from 0
    double seconds(long step) {
        var trainables = TrainableParameter.of(plan.stage(), parts.tensors().bundle().weights()).stream()
                .filter(trainable -> trainable.from() <= step).toList();
        var some = some(trainables);
        if (some.isEmpty()) {
            return 0;
        }
        long all = trainables.stream().mapToLong(UpdateTrial::elements).sum();
        long tried = some.stream().mapToLong(UpdateTrial::elements).sum();
        return seconds(some, step) * all / tried;
    }

    /// The largest that may be tried, and as many of the others as fit beside them; the smallest one where none may.
    private static List<TrainableParameter> some(List<TrainableParameter> trainables) {
        var some = new ArrayList<TrainableParameter>();
        long elements = 0;
        var bySize = trainables.stream().sorted(Comparator.comparingLong(UpdateTrial::elements).reversed()).toList();
        for (var trainable : bySize) {
            long own = elements(trainable);
            if (elements + own <= ELEMENTS) {
                some.add(trainable);
                elements += own;
            }
        }
        return some.isEmpty() && !bySize.isEmpty() ? List.of(bySize.getLast()) : some;
    }

    private static long elements(TrainableParameter trainable) { return trainable.parameter().master().numel(); }

    private double seconds(List<TrainableParameter> trainables, long step) {
        var run = parts.recipe().run();
        try (var _ = Autograd.noGrad();
                var _ = TensorScope.open();
                var lanes = Lanes.of(StagePlan.lanes(run, plan.stage(), parts.ranks().count()));
                var optimizerState = new OptimizerState();
                var emaWeights = new EmaWeights()) {
            var optimizer =
                    new WeightSteps(Optimizer.of(plan.stage().optimizer(), optimizerState, Precisions.matmulDType(run.precision()), lanes),
                            Seed.of(run.seed()));
            var updates = trainables.stream().map(trainable -> update(trainable, step)).toList();
            var parameters = trainables.stream().map(TrainableParameter::parameter).toList();
            return new Trials(SHARE_OF_TIME * trials.seconds(), MOST, trials.stopped()).took(() -> {
                optimizer.step(updates, step);
                parts.tensors().bundle().weights().refreshCopies();
                emaWeights(emaWeights, plan.stage().ema(), parameters);
            });
        }
    }

    /// Of a copy; the gradient is 0.
    private Update update(TrainableParameter trainable, long step) {
        var master = trainable.parameter().master();
        return new Update(trainable.parameter().name(), master.detach().copy(),
                Tensor.zeros(master.dtype().wide(), master.device(), master.shape()), plan.schedule().at(trainable.base(), step),
                trainable.decay());
    }

    private static void emaWeights(EmaWeights emaWeights, @Nullable Ema ema, List<Parameter> parameters) {
        if (ema != null) {
            emaWeights.include(parameters);
            emaWeights.update(parameters, ema);
        }
    }
}
