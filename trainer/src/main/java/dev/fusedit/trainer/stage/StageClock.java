package dev.fusedit.trainer.stage;

import java.util.List;

/// How fast training goes, and how long it will take. Drawing and saving between steps count as time, not as speed.
final class StageClock {
    private static final double MEMORY = 0.95;

    private final List<StagePlan> plans;
    private long lastStep = System.nanoTime();
    private double secondsPerStep;
    private double imagesPerSecond;
    private final RunFigures before;
    private double trainingSeconds;
    private long images;
    private int stage;
    private long done;

    /// @param before what processes before this one have cost
    StageClock(List<StagePlan> plans, RunFigures before) {
        this.plans = plans;
        this.before = before;
    }

    /// @param step of the stage, from 0
    void begin(StagePlan plan, long step) {
        lastStep = System.nanoTime();
        secondsPerStep = 0;
        stage = plan.index();
        done = step;
    }

    /// What the run has cost up to now, over all stages that train on pictures and all processes.
    RunFigures figures() { return before.now(trainingSeconds, images); }

    /// A step has ended.
    void step(StagePlan plan, long step) {
        var now = System.nanoTime();
        var seconds = (now - lastStep) / 1e9;
        lastStep = now;
        done = step + 1;
        secondsPerStep = secondsPerStep == 0 ? seconds : MEMORY * secondsPerStep + (1 - MEMORY) * seconds;
        imagesPerSecond = StagePlan.pictures(plan.stage()) / secondsPerStep;
        if (StagePlan.pictures(plan.stage()) > 0) {
            trainingSeconds += seconds;
            images += StagePlan.pictures(plan.stage());
        }
    }

    void end(StagePlan plan) { done = plan.steps(); }

    /// 0 in a stage without pictures.
    double imagesPerSecond() { return imagesPerSecond; }

    /// Of training; later stages are taken to be as fast as this one.
    double secondsLeft() {
        long steps = plans.get(stage).steps() - done;
        for (int i = stage + 1; i < plans.size(); i++) {
            steps += plans.get(i).steps();
        }
        return steps * secondsPerStep;
    }
}
