package dev.fusedit.trainer.pace;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.eval.suite.BlocksSuite;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.sampling.Showcase;
import dev.fusedit.trainer.stage.StagePlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What is left of a run and how long it takes, in seconds.
///
/// @param stages by name, previews, validations and evaluations included; those that are done are not in it
/// @param images sampling and scoring at the end
public record RunForecast(Map<String, Double> stages, double images) {
    private static final double MINUTE = 60;
    private static final double HOUR = 3600;
    private static final double DAY = 24 * HOUR;

    public RunForecast {
        stages = ImmutableMap.copyOf(stages);
    }

    /// At a pace that was measured before.
    ///
    /// @param done steps, over all stages
    public static RunForecast of(Recipe recipe, Pace pace, long done) { return of(recipe, StagePlan.of(recipe), pace, done); }

    /// @param plans of the recipe's stages
    public static RunForecast of(Recipe recipe, List<StagePlan> plans, Pace pace, long done) {
        var stages = ImmutableMap.<String, Double>builder();
        for (var plan : plans) {
            if (plan.endStep() > done) {
                stages.put(plan.stage().name(), stage(recipe, pace, plan, done));
            }
        }
        return new RunForecast(stages.buildOrThrow(), pace.image() * images(recipe));
    }

    private static double stage(Recipe recipe, Pace pace, StagePlan plan, long done) {
        double seconds = (plan.endStep() - Math.max(done, plan.firstStep())) * pace.step(plan);
        for (var pause : Pause.values()) {
            seconds += pause.left(recipe, plan, done) * pace.pause(pause, recipe, plan);
        }
        return seconds;
    }

    /// Images that are sampled at the end of a run.
    public static int images(Recipe recipe) { return BlocksSuite.images(recipe.evaluation()) + Showcase.IMAGES; }

    public double training() { return stages.values().stream().mapToDouble(Double::doubleValue).sum(); }

    public double total() { return training() + images; }

    /// `8 minutes expected: text 0:12, fuse 6:40, joint 0:25, images and scores 0:50`
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        stages.forEach((name, seconds) -> parts.add(name + " " + ProgressLine.clock(seconds)));
        parts.add("images and scores " + ProgressLine.clock(images));
        return "%s expected: %s".formatted(about(total()), String.join(", ", parts));
    }

    private static String about(double seconds) {
        if (seconds < MINUTE) {
            return plural(Math.max(1, Math.round(seconds)), "second");
        }
        if (seconds < 2 * HOUR) {
            return plural(Math.round(seconds / MINUTE), "minute");
        }
        return seconds < 2 * DAY ? String.format(Locale.ROOT, "%.1f hours", seconds / HOUR)
                : String.format(Locale.ROOT, "%.1f days", seconds / DAY);
    }

    private static String plural(long count, String unit) { return count + " " + unit + (count == 1 ? "" : "s"); }
}
