package dev.fusedit.trainer.stage;

import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.optim.Moments;
import dev.fusedit.trainer.optim.MovingAverage;
import dev.fusedit.trainer.optim.Optimizer;
import dev.fusedit.trainer.optim.Update;
import dev.fusedit.trainer.optim.WeightSteps;
import dev.fusedit.trainer.recipe.Ema;
import java.util.ArrayList;
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
        var learners = Learner.of(plan.stage(), parts.tensors().trainee().weights()).stream()
                .filter(learner -> learner.from() <= step).toList();
        var some = some(learners);
        if (some.isEmpty()) {
            return 0;
        }
        long all = learners.stream().mapToLong(learner -> learner.parameter().master().numel()).sum();
        long tried = some.stream().mapToLong(learner -> learner.parameter().master().numel()).sum();
        return seconds(some, step) * all / tried;
    }

    /// As many as may be tried, or the smallest one.
    private static List<Learner> some(List<Learner> learners) {
        var some = new ArrayList<Learner>();
        long elements = 0;
        for (var learner : learners) {
            long own = learner.parameter().master().numel();
            if (elements + own <= ELEMENTS) {
                some.add(learner);
                elements += own;
            }
        }
        return some;
    }

    private double seconds(List<Learner> learners, long step) {
        var run = parts.recipe().run();
        try (var _ = Autograd.noGrad();
                var _ = TensorScope.open();
                var moments = new Moments();
                var average = new MovingAverage()) {
            var optimizer = new WeightSteps(Optimizer.of(plan.stage().optimizer(), moments, Precisions.products(run.precision())),
                    Seed.of(run.seed()));
            var updates = learners.stream().map(learner -> update(learner, step)).toList();
            var parameters = learners.stream().map(Learner::parameter).toList();
            return new Trials(SHARE_OF_TIME * trials.seconds(), MOST, trials.stopped()).took(() -> {
                optimizer.step(updates, step);
                parts.tensors().trainee().weights().refreshCopies();
                average(average, plan.stage().ema(), parameters);
            });
        }
    }

    /// Of a copy; the gradient is 0.
    private Update update(Learner learner, long step) {
        var master = learner.parameter().master();
        return new Update(learner.parameter().name(), master.detach().copy(),
                Tensor.zeros(master.dtype().wide(), master.device(), master.shape()), plan.rate(learner.base(), step), learner.decay());
    }

    private static void average(MovingAverage average, @Nullable Ema ema, List<Parameter> parameters) {
        if (ema != null) {
            average.include(parameters);
            average.update(parameters, ema);
        }
    }
}
