package dev.fusedit.trainer.pace;

import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.stage.RunFigures;
import dev.fusedit.trainer.stage.StagePlan;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// How fast training goes, and how long the run will take, sampling and scoring included.
///
/// What is left of the present stage goes by the median of its last steps, which begins as what was measured before the first one ([Pace]).
/// Later stages and the images go by what was measured of them, times the ratio of truth to measure in what is done. Pauses between steps
/// (validation, previews, checkpoints) do not count as speed; each kind is expected to take as long as it did so far.
public final class StageClock implements Speed {
    /// Seconds of training that outweigh the measure before: less says little of what comes later.
    private static final double TRUST = 30;

    private final Recipe recipe;
    private final List<StagePlan> plans;
    private final RunFigures before;
    private final LongSupplier nanoTime;
    private final int sampled;
    private final Map<Pause, Recent> pauses = new EnumMap<>(Pause.class);
    private @Nullable Pace pace;
    private Recent steps = new Recent(Double.NaN);
    private long last;
    private long lastStep;
    private double trainingSeconds;
    private long images;
    private int stage;
    private long done;

    /// Steps of the present stage that this process did.
    private long seen;

    /// Seconds that the measure gives to the steps of earlier stages, and seconds that they took.
    private double expectedBefore;
    private double tookBefore;

    /// @param before what processes before this one have cost
    public StageClock(Recipe recipe, List<StagePlan> plans, RunFigures before, LongSupplier nanoTime) {
        this.recipe = recipe;
        this.plans = plans;
        this.before = before;
        this.nanoTime = nanoTime;
        sampled = RunForecast.images(recipe);
        for (var pause : Pause.values()) {
            pauses.put(pause, new Recent(Double.NaN));
        }
    }

    /// What was measured before the first step; without it later stages are taken to be as fast as the present one.
    public void expect(Pace measured) { pace = measured; }

    /// @param step of the stage, from 0
    public void begin(StagePlan plan, long step) {
        steps = new Recent(pace == null ? Double.NaN : ratio() * pace.step(plan));
        stage = plan.index();
        done = step;
        seen = 0;
        last = nanoTime.getAsLong();
        lastStep = last;
    }

    /// What the run has cost up to now, over all stages that train on images and all processes.
    public RunFigures figures() { return before.now(trainingSeconds, images, Precisions.device(recipe.run())); }

    /// A step has ended.
    public void step(StagePlan plan, long step) {
        steps.add(sinceLast());
        done = step + 1;
        seen++;
        if (StagePlan.images(plan.stage()) > 0) {
            trainingSeconds += (last - lastStep) / 1e9;
            images += StagePlan.images(plan.stage());
        }
        lastStep = last;
    }

    /// Something between two steps has ended.
    public void paused(Pause pause) { pauses.get(pause).add(sinceLast()); }

    private double sinceLast() {
        long now = nanoTime.getAsLong();
        double seconds = (now - last) / 1e9;
        last = now;
        return seconds;
    }

    public void end(StagePlan plan) {
        if (pace != null) {
            expectedBefore += seen * pace.step(plan);
            tookBefore += seen * (seen == 0 ? 0 : steps.usual());
        }
        seen = 0;
        done = plan.steps();
    }

    @Override
    public double imagesPerSecond() { return seen == 0 ? 0 : StagePlan.images(plans.get(stage).stage()) / steps.seen(); }

    // ---- what is left

    @Override
    public double seconds() { return figures().seconds(); }

    @Override
    public double secondsLeft() {
        double ratio = ratio();
        double seconds = (plans.get(stage).steps() - done) * steps.usual();
        for (var plan : plans.subList(stage, plans.size())) {
            seconds += pausesLeft(plan, ratio);
            if (plan.index() > stage) {
                seconds += plan.steps() * (pace == null ? steps.usual() : ratio * pace.step(plan));
            }
        }
        return seconds + imagesLeft();
    }

    /// Of sampling and scoring at the end, in seconds.
    public double imagesLeft() { return pace == null ? 0 : ratio() * pace.image() * sampled; }

    private double pausesLeft(StagePlan plan, double ratio) {
        long step = plans.get(stage).firstStep() + done;
        double seconds = 0;
        for (var pause : Pause.values()) {
            double took = pauses.get(pause).seen();
            double each = !Double.isNaN(took) ? took : pace == null ? 0 : ratio * pace.pause(pause, recipe, plan);
            seconds += pause.left(recipe, plan, step) * each;
        }
        return seconds;
    }

    /// Truth over measure in the steps that are done.
    private double ratio() {
        if (pace == null) {
            return 1;
        }
        double expected = expectedBefore, took = tookBefore;
        if (seen > 0) {
            expected += seen * pace.step(plans.get(stage));
            took += seen * steps.usual();
        }
        return (TRUST + took) / (TRUST + expected);
    }
}
