package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A stretch of training. Which parts train is said by their learning rates: a part without one is frozen.
///
/// @param steps its length in optimizer steps (not by the clock: a run must be the same on every machine)
/// @param warmUp steps in which the learning rate rises from 0
/// @param gradClip largest norm of the whole gradient; none if left out
/// @param captionDropout share of pictures that are shown without caption, for guidance
/// @param emaDecay decay of the moving average of the weights; none is kept if left out
public record Stage(String name, int steps, int batch, Map<Part, Double> learningRate, Losses losses,
        @Default("constant") Schedule schedule, @Default("0") int warmUp, @Default("adamw") Optimizer optimizer, @Nullable Double gradClip,
        @Default("0") double captionDropout, @Nullable Double emaDecay) {
    public Stage {
        checkArgument(name.matches("[A-Za-z][A-Za-z0-9_-]*"), "name must begin with a letter and have no dots or spaces, but is '%s'",
                name);
        checkArgument(steps > 0, "steps must be at least 1, but is %s", steps);
        checkArgument(batch > 0, "batch must be at least 1, but is %s", batch);
        checkArgument(!learningRate.isEmpty(), "learning_rate must name at least one part to train");
        learningRate.forEach((part, rate) -> checkArgument(rate > 0,
                "learning_rate.%s must be more than 0, but is %s (a part that shall not train is left out)", Names.constant(part), rate));
        checkArgument(warmUp >= 0, "warm_up must not be negative, but is %s", warmUp);
        checkArgument(warmUp <= steps, "warm_up must not be longer than the stage's %s steps, but is %s", steps, warmUp);
        checkArgument(gradClip == null || gradClip > 0, "grad_clip must be more than 0, but is %s", gradClip);
        checkArgument(captionDropout >= 0 && captionDropout < 1, "caption_dropout must be from 0 to below 1, but is %s", captionDropout);
        checkArgument(emaDecay == null || emaDecay >= 0 && emaDecay < 1, "ema_decay must be from 0 to below 1, but is %s", emaDecay);
        checkArgument(losses.flow() != null || !learningRate.containsKey(Part.DIT),
                "learning_rate.dit must not be given: no loss reaches the DiT (losses has no flow)");
        learningRate = ImmutableMap.copyOf(learningRate);
    }

    public boolean trains(Part part) { return learningRate.containsKey(part); }

    /// The same stage, longer or shorter, its warm-up in proportion.
    Stage scaled(double factor) {
        int scaledSteps = Math.clamp(Math.round(steps * factor), 1, Integer.MAX_VALUE);
        int scaledWarmUp = Math.min((int) Math.round(warmUp * factor), scaledSteps);
        return new Stage(name, scaledSteps, batch, learningRate, losses, schedule, scaledWarmUp, optimizer, gradClip, captionDropout,
                emaDecay);
    }
}
