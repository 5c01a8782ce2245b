package dev.fusedit.trainer.pace;

import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.host.Host;
import dev.fusedit.trainer.data.PixelArrays;
import dev.fusedit.trainer.eval.suite.ProgressEvaluation;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.MemoryRemedies;
import dev.fusedit.trainer.stage.RecipeData;
import dev.fusedit.trainer.stage.RunTensors;
import dev.fusedit.trainer.stage.StageLoop;
import dev.fusedit.trainer.stage.StageParts;
import dev.fusedit.trainer.stage.StagePlan;
import dev.fusedit.trainer.stage.cache.TrainingCache;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.ToDoubleFunction;

/// Tries what a run will do and takes the time: steps of each stage up to their gradient, updates of copies, a batch of images. Weights,
/// moments, averages and gradients are afterwards what they were before, and no random number is drawn that a step would miss: all draws
/// are functions of the seed and the step.
///
/// Takes about two seconds for each stage and for the images; where steps are slow four of them, or what is done of those in nine seconds. Before,
/// steps are done until Java has compiled them ([WarmUp]), for six seconds at most and no more than a fiftieth of what the run will take; what it
/// still compiles while it is tried is left out by its share of the cores ([JavaCompiler]).
public final class PaceTrial {
    private static final double SECONDS = 1.5;
    private static final int MOST = 40;
    private static final int COLD = 3;
    /// Seconds until steps are compiled, at most, and their share of a run.
    private static final double WARM = 6;
    private static final double WARM_SHARE = 0.02;
    private static final JavaCompiler COMPILER = JavaCompiler.here();

    /// A pass of the network over an image, against a step that learns from it.
    private static final double FORWARD = 1 / 3.0;

    private final StageParts parts;
    private final StepEstimate estimate;
    private final Trials trials;

    private PaceTrial(StageParts parts, StepEstimate estimate, BooleanSupplier stopped) {
        this.parts = parts;
        this.estimate = estimate;
        trials = new Trials(SECONDS, MOST, stopped);
    }

    /// On weights that are built for it and given up.
    public static Pace of(Recipe recipe, StepEstimate estimate) {
        var tokenizer = RecipeTokenizers.of(recipe);
        var data = RecipeData.like(recipe, tokenizer);
        try (var _ = TensorScope.open();
                var tensors = RunTensors.of(recipe, tokenizer, null)) {
            return of(new StageParts(recipe, TrainingCache.of(recipe, data, tensors.bundle()), tensors), estimate, 0, () -> false);
        }
    }

    /// On a run's own weights.
    ///
    /// @param estimate of steps that are not tried
    /// @param done steps of the run; stages that are over are not tried, and have 0
    /// @param stopped asked between two steps: true ends the trial with what there is
    public static Pace of(StageParts parts, StepEstimate estimate, long done, BooleanSupplier stopped) {
        var trial = new PaceTrial(parts, estimate, stopped);
        var weights = parts.tensors().bundle().weights();
        var trainable = weights.trainable().stream().map(parameter -> parameter.name()).toList();
        try {
            var steps = trial.steps(done);
            double image = stopped.getAsBoolean() ? 0 : trial.image();
            return new Pace(steps, image, trial.evaluation(steps, image));
        } finally {
            weights.clearGradients();
            weights.train(trainable::contains);
        }
    }

    /// The last stage first, and once more than counts: it mostly learns all that others learn, so it pays for what is slow in a process at
    /// first.
    private List<Double> steps(long done) {
        var plans = parts.plans();
        var last = plans.getLast();
        double cold = step(last, done, loop -> trials.atMost(Math.min(COLD, left(last, done))).took(loop::rehearse));
        double seconds = Math.min(WARM, WARM_SHARE * cold * (last.endStep() - done));
        step(last, done, loop -> {
            new WarmUp(seconds, left(last, done), COMPILER, trials.stopped()).run(() -> Trials.seconds(loop::rehearse));
            return 0;
        });
        return plans.reversed().stream().map(plan -> step(plan, done, loop -> COMPILER.without(cores(), () -> took(plan, done, loop))))
                .toList().reversed();
    }

    private static int cores() { return Host.here().cores().allowed(); }

    private double took(StagePlan plan, long done, StageLoop loop) {
        return trials.atMost(left(plan, done)).took(loop::rehearse) + new UpdateTrial(parts, plan, trials).seconds(middle(plan, done));
    }

    /// Batches from the middle on.
    private static long left(StagePlan plan, long done) { return plan.steps() - middle(plan, done); }

    /// In the middle of what is left of the stage: layers that unfreeze and losses that end do so on the way.
    private static long middle(StagePlan plan, long done) {
        return Math.min((Math.max(0, done - plan.firstStep()) + plan.steps()) / 2, plan.steps() - 1);
    }

    /// 0 for a stage that is over, or if a signal came.
    ///
    /// Of images of several sizes the largest come first, so that memory that does not hold them is told now and not hours later.
    ///
    /// @param tried the seconds that it returns count, unless they are known without
    private double step(StagePlan plan, long done, ToDoubleFunction<StageLoop> tried) {
        if (plan.endStep() <= done || trials.stopped().getAsBoolean()) return 0;
        var known = estimate.seconds(plan);
        if (known.isPresent()) {
            return known.getAsDouble();
        }
        long middle = middle(plan, done);
        try (var emaWeights = new EmaWeights();
                var optimizerState = new OptimizerState();
                var loop = parts.loop(plan, middle, emaWeights, optimizerState)) {
            if (parts.recipe().sizes(plan.stage()).size() > 1)
                loop.rehearse(parts.batches(plan).of(parts.largest(plan, middle), new PixelArrays()));
            return tried.applyAsDouble(loop);
        } catch (TorchException e) {
            throw e.isOutOfMemory() ? MemoryRemedies.step(parts.recipe(), plan.stage(), "", estimate.memory(plan), e) : e;
        }
    }

    /// The last stage with images.
    private StagePlan sampling() { return parts.plans().stream().filter(plan -> plan.stage().losses().flow() != null).toList().getLast(); }

    /// One by suites on the way: its images, and those that go through the model once.
    private double evaluation(List<Double> steps, double image) {
        var sampling = sampling();
        double forward = FORWARD * steps.get(sampling.index()) / sampling.stage().batch();
        return ProgressEvaluation.of(parts.recipe()).map(suites -> suites.images() * image + suites.forwards() * forward).orElse(0.0);
    }

    /// Tried, unless a step of the last stage with images is too long for that.
    private double image() {
        var images = new ImageTrial(parts, trials);
        var sampling = sampling();
        var step = estimate.seconds(sampling);
        return step.isEmpty() ? COMPILER.without(cores(), images::seconds)
                : FORWARD * step.getAsDouble() / StagePlan.images(sampling.stage()) * images.evaluations();
    }
}
