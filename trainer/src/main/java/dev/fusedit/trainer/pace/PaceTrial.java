package dev.fusedit.trainer.pace;

import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.TorchException;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.MemoryRemedies;
import dev.fusedit.trainer.stage.RecipeData;
import dev.fusedit.trainer.stage.RunTensors;
import dev.fusedit.trainer.stage.StageParts;
import dev.fusedit.trainer.stage.StagePlan;
import dev.fusedit.trainer.stage.cache.TrainingCache;
import java.util.List;
import java.util.function.BooleanSupplier;

/// Tries what a run will do and takes the time: steps of each stage up to their gradient, updates of copies, a batch of images. Weights,
/// moments, averages and gradients are afterwards what they were before, and no random number is drawn that a step would miss: all draws
/// are functions of the seed and the step.
///
/// Takes about two seconds for each stage and for the images; where steps are slow four of them, or what is done of those in nine seconds.
public final class PaceTrial {
    private static final double SECONDS = 1.5;
    private static final int MOST = 40;
    private static final int COLD = 3;

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
            return new Pace(steps, stopped.getAsBoolean() ? 0 : trial.image());
        } finally {
            weights.clearGradients();
            weights.train(trainable::contains);
        }
    }

    /// The last stage first, and once more than counts: it mostly learns all that others learn, so it pays for what is slow in a process at
    /// first.
    private List<Double> steps(long done) {
        var plans = parts.plans();
        step(plans.getLast(), done, trials.atMost(COLD));
        return plans.reversed().stream().map(plan -> step(plan, done, trials)).toList().reversed();
    }

    /// 0 for a stage that is over, or if a signal came.
    private double step(StagePlan plan, long done, Trials some) {
        return plan.endStep() <= done || trials.stopped().getAsBoolean() ? 0 : step(Math.max(0, done - plan.firstStep()), plan, some);
    }

    /// In the middle of what is left of the stage: layers that unfreeze and losses that end do so on the way.
    /// Of images of several sizes the largest come first, so that memory that does not hold them is told now and not hours later.
    private double step(long first, StagePlan plan, Trials some) {
        var known = estimate.seconds(plan);
        if (known.isPresent()) {
            return known.getAsDouble();
        }
        long middle = Math.min((first + plan.steps()) / 2, plan.steps() - 1);
        try (var emaWeights = new EmaWeights();
                var optimizerState = new OptimizerState();
                var loop = parts.loop(plan, middle, emaWeights, optimizerState)) {
            if (parts.recipe().sizes(plan.stage()).size() > 1) loop.rehearse(parts.batches(plan).apply(parts.largest(plan, middle)));
            return some.atMost(plan.steps() - middle).took(loop::rehearse) + new UpdateTrial(parts, plan, trials).seconds(middle);
        } catch (TorchException e) {
            throw e.isOutOfMemory() ? MemoryRemedies.step(parts.recipe(), plan.stage(), e) : e;
        }
    }

    /// Tried, unless a step of the last stage with images is too long for that.
    private double image() {
        var images = new ImageTrial(parts, trials);
        var sampling = parts.plans().stream().filter(plan -> plan.stage().losses().flow() != null).toList().getLast();
        var step = estimate.seconds(sampling);
        return step.isEmpty() ? images.seconds()
                : FORWARD * step.getAsDouble() / StagePlan.images(sampling.stage()) * images.evaluations();
    }
}
