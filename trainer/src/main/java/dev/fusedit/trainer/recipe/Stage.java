package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import java.util.Map;
import org.jspecify.annotations.Nullable;

@Doc("A stretch of training. Which parameters train is said by their learning rates: what has none is frozen.")
public record Stage(
        String name,
        @Doc("its length in optimizer steps (not by the clock: a run must be the same on every machine)") @Nullable Integer steps,
        @Doc("or its length in passes over the data; one of both") @Nullable Double epochs,
        @Doc("images of an optimizer step, over all of its micro-batches") int batch,
        @Doc("micro-batches that a step's gradient is summed up over") @Default("1") int accumulation,
        @Doc("side of this stage's images in pixels; the data's 'image_size' if left out") @Nullable Integer resolution,
        @Doc("how often each kind of caption comes in this stage, in place of the data's; of the "
                + "built-in data only") Data.@Nullable Mix mix,
        @Doc("sets of parameters of the stage's own, for rates of their own") @Default("{}") Map<String, Group> groups,
        @Doc("learning rate by part (see Part) or group. A parameter belongs to the last group that names it, else to "
                + "the narrowest part") Map<String, Double> lr,
        Losses losses,
        @Default("constant") Schedule schedule,
        @Doc("steps in which the learning rate rises from 0") @Default("0") int warmUp,
        @Default("adamw") OptimizerRecipe optimizer,
        @Doc("whether the moments of the stage before are taken on for parameters that trained there, and their "
                + "counts of steps") @Default("false") boolean keepOptimizer,
        @Doc("largest norm of the whole gradient; none if left out") @Nullable Double gradClip,
        @Doc("what is done in steps whose gradient is far larger than those before; nothing "
                + "if left out") @Nullable GradientSpikes hugeGradient,
        @Doc("which gradients flow into keys and values") @Default("none") GradientMaskRecipe gradientMask,
        @Doc("whether each layer's inside is computed a second time for its gradient instead "
                + "of being kept") @Default("false") boolean checkpointing,
        @Doc("share of images that are shown without caption, for guidance") @Default("0") double captionDropout,
        @Doc("the moving average of the weights; none is kept if left out") @Nullable Ema ema,
        @Doc("when the stage ends before its steps are done; never if left out") @Nullable Stop stop) {
    public Stage {
        checkArgument(name.matches("[A-Za-z][A-Za-z0-9_-]*"), "name must begin with a letter and have no dots or spaces, but is '%s'",
                name);
        checkArgument((steps == null) != (epochs == null), "steps must be given, or else epochs, and not both");
        Bound.STEPS.check("steps", steps);
        Bound.EPOCHS.check("epochs", epochs);
        Bound.BATCH.check("batch", batch);
        Bound.BATCH.check("accumulation", accumulation);
        checkArgument(batch % accumulation == 0, "accumulation must divide the batch of %s, but is %s", batch,
                accumulation);
        Bound.SIDE.check("resolution", resolution);
        Bound.STEPS.checkOrNone("warm_up", warmUp);
        checkArgument(steps == null || steps <= 0 || warmUp <= steps, "warm_up must not be longer than the stage's %s steps, but is %s",
                steps, warmUp);
        Bound.POSITIVE.check("grad_clip", gradClip);
        Bound.checkShare("caption_dropout", captionDropout);
        Rates.check(lr, groups);
        groups = ImmutableMap.copyOf(groups);
        lr = ImmutableMap.copyOf(lr);
    }

    /// Samples of a micro-batch.
    public int microBatch() { return batch / accumulation; }

    /// With as many steps and micro-batches, of which one of several processes computes its share; the largest, where they are uneven.
    Stage sharedBy(int processes) {
        int shared = (microBatch() + processes - 1) / processes * accumulation;
        return new Stage(name, steps, epochs == null ? null : epochs * shared / batch, shared, accumulation, resolution, mix, groups, lr,
                losses, schedule, warmUp, optimizer, keepOptimizer, gradClip, hugeGradient, gradientMask, checkpointing, captionDropout,
                ema, stop);
    }

    /// The side of its images in pixels, were they square.
    int side(Data data) { return resolution == null ? data.imageSize() : resolution; }

    /// Whether the stage trains anything of a part.
    public boolean trains(Part part) { return Rates.reaches(lr, groups, part); }

    /// The stage, longer or shorter, its warm-up in proportion.
    Stage scaled(double factor) {
        Integer scaledSteps = steps == null ? null : (int) Math.clamp(Math.round(steps * factor), 1, Bound.STEPS.most());
        Double scaledEpochs = epochs == null ? null : Math.clamp(epochs * factor, 1e-9, 1e9);
        int scaledWarmUp = (int) Math.clamp(Math.round(warmUp * factor), 0, Bound.STEPS.most());
        return lasting(scaledSteps, scaledEpochs, scaledSteps == null ? scaledWarmUp : Math.min(scaledWarmUp, scaledSteps));
    }

    /// The stage with another one's length.
    Stage asLongAs(Stage other) { return lasting(other.steps, other.epochs, other.warmUp); }

    private Stage lasting(@Nullable Integer otherSteps, @Nullable Double otherEpochs, int otherWarmUp) {
        return new Stage(name, otherSteps, otherEpochs, batch, accumulation, resolution, mix, groups, lr, losses, schedule, otherWarmUp,
                optimizer, keepOptimizer, gradClip, hugeGradient, gradientMask, checkpointing, captionDropout, ema, stop);
    }
}
