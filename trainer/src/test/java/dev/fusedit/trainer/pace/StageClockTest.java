package dev.fusedit.trainer.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.RunFigures;
import dev.fusedit.trainer.stage.StagePlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whole runs like the quickstart against a clock that only the test moves: 150, 2500 and 100 steps, 6 previews, 10 validations, 888 images.
class StageClockTest {
    private static final Recipe RECIPE =
            Recipe.find("quickstart", List.of("evaluation.validation={every: 300, samples: 64, bins: 4}",
                    "stages.fuse.steps=2500", "stages.fuse.batch=32", "stages.joint.batch=32"));
    private static final List<StagePlan> PLANS = StagePlan.of(RECIPE);
    private static final List<Double> STEPS = List.of(0.08, 0.25, 0.3);
    private static final double IMAGE = 0.06;
    private static final double EARLY = 30;

    /// What was said to be left after each step, and what was left.
    private record Said(double seconds, double left, double truth) {
        double error() { return Math.abs(left - truth) / truth; }
    }

    /// What really happens, in seconds.
    ///
    /// @param slow factors of the run's first steps
    /// @param noise a step takes up to this share more or less
    /// @param outliers share of the steps that take four times as long
    private record Truth(List<Double> steps, double image, int slow, double noise, double outliers, double preview, double validation) {
        static Truth plain() { return new Truth(STEPS, IMAGE, 0, 0, 0, 0.6, 0.5); }

        double step(StagePlan plan, long step, Random random) {
            double usual = steps.get(plan.index()) * (1 + noise * (2 * random.nextDouble() - 1));
            return plan.firstStep() + step < slow ? 10 * usual : random.nextDouble() < outliers ? 4 * usual : usual;
        }
    }

    private static List<Said> run(Truth truth, Pace pace, long from) {
        var now = new long[1];
        var clock = new StageClock(RECIPE, PLANS, RunFigures.NONE, () -> now[0]);
        clock.expect(pace);
        var random = new Random(1);
        var said = new ArrayList<Said>();
        for (var plan : PLANS) {
            if (plan.endStep() <= from) {
                continue;
            }
            long first = Math.max(0, from - plan.firstStep());
            clock.begin(plan, first);
            for (long step = first; step < plan.steps(); step++) {
                now[0] += nanos(truth.step(plan, step, random));
                clock.step(plan, step);
                said.add(new Said(now[0] / 1e9, clock.secondsLeft(), 0));
                long done = plan.firstStep() + step + 1;
                if (done % 300 == 0 || done == plan.endStep()) {
                    now[0] += nanos(truth.validation());
                    clock.paused(Pause.VALIDATION);
                }
                if (plan.index() > 0 && done % 400 == 0 && done != plan.endStep()) {
                    now[0] += nanos(truth.preview());
                    clock.paused(Pause.PREVIEW);
                }
            }
            clock.end(plan);
        }
        double end = now[0] / 1e9 + truth.image() * RunForecast.images(RECIPE);
        return said.stream().map(one -> new Said(one.seconds(), one.left(), end - one.seconds())).toList();
    }

    private static long nanos(double seconds) { return Math.round(seconds * 1e9); }

    private static double worst(List<Said> said) {
        return said.stream().filter(one -> one.seconds() >= EARLY).mapToDouble(Said::error).max().orElseThrow();
    }

    private static Pace pace(double error) { return new Pace(STEPS.stream().map(seconds -> seconds * error).toList(), IMAGE * error); }

    // ---- time left

    /// The worst error from the thirtieth second on; the aim is 0.25.
    @ParameterizedTest
    @CsvSource({
        "as measured,                       1,   0, 0,   0,    1,  1,  0, 0.02",
        "ten times slower at first,         1,   5, 0,   0,    1,  1,  0, 0.15",
        "measured twice too slow,           2,   0, 0,   0,    1,  1,  0, 0.20",
        "measured a third too fast,         0.67,0, 0,   0,    1,  1,  0, 0.10",
        "a busy machine,                    1,   0, 0.5, 0.03, 1,  1,  0, 0.25",
        "long previews and validations,     1,   0, 0,   0,    20, 20, 0, 0.25",
        "gone on with in the middle,        1,   0, 0,   0,    1,  1,  1500, 0.02",
        "gone on with on a slower machine,  0.5, 0, 0.2, 0.01, 1,  1,  1500, 0.20"})
    void timeLeftIsTrue(String what, double measured, int slow, double noise, double outliers, double preview, double validation,
            long from, double worst) {
        var truth = new Truth(STEPS, IMAGE, slow, noise, outliers, 0.6 * preview, 0.5 * validation);
        assertThat(worst(run(truth, pace(measured), from))).as(what).isLessThan(worst);
    }

    /// Where one stage is measured too fast and the next one too slow, their ratios mislead.
    @Test
    void stagesMayBeMeasuredDifferentlyWell() {
        var pace = new Pace(List.of(0.09, 0.225, 0.33), 0.065);
        assertThat(worst(run(Truth.plain(), pace, 0))).isLessThan(0.25);
    }

    /// The first steps of a cold process, and the first stage's speed, say little of the rest: "2:48:53 left" is never said.
    @Test
    void slowFirstStepsDoNotFrighten() {
        var slow = new Truth(STEPS, IMAGE, 4, 0, 0, 0.6, 0.5);
        assertThat(run(slow, pace(1), 0)).allSatisfy(said -> assertThat(said.error()).isLessThan(0.1));
    }

    @Test
    void samplingAndScoringAreLeftAfterTheLastStep() {
        var last = run(Truth.plain(), pace(1), 0).getLast();
        assertThat(last.left()).isCloseTo(IMAGE * 888, within(0.1));
    }

    @Test
    void withoutAMeasureLaterStagesAreAsFastAsThisOne() {
        var now = new long[1];
        var clock = new StageClock(RECIPE, PLANS, RunFigures.NONE, () -> now[0]);
        clock.begin(PLANS.getFirst(), 0);
        now[0] = nanos(0.5);
        clock.step(PLANS.getFirst(), 0);
        assertThat(clock.secondsLeft()).isCloseTo(0.5 * 2749, within(1e-6));
    }

    /// Previews are no training: neither the speed nor what is left of the steps changes by a slow one.
    @Test
    void speedIsThatOfSteps() {
        var now = new long[1];
        var clock = new StageClock(RECIPE, PLANS, RunFigures.NONE, () -> now[0]);
        clock.expect(pace(1));
        var fuse = PLANS.get(1);
        clock.begin(fuse, 0);
        for (int step = 0; step < 10; step++) {
            now[0] += nanos(0.25);
            clock.step(fuse, step);
            now[0] += nanos(100);
            clock.paused(Pause.PREVIEW);
        }
        assertThat(clock.imagesPerSecond()).isCloseTo(32 / 0.25, within(1e-6));
    }

    // ---- pauses

    /// As `TrainingRun` makes them, counted by hand.
    @Test
    void pausesAreCountedAsTheyCome() {
        for (var plan : PLANS) {
            for (long from : new long[] {0, 149, 150, 151, 399, 400, 401, 1200, 2649, 2650, 2749, 2750}) {
                long begin = Math.max(from, plan.firstStep()) + 1;
                var steps = IntStream.rangeClosed((int) begin, (int) plan.endStep());
                var all = steps.boxed().toList();
                assertThat(Pause.VALIDATION.left(RECIPE, plan, from)).as("%s from %d", plan.stage().name(), from)
                        .isEqualTo(all.stream().filter(step -> step % 300 == 0 || step == plan.endStep()).count());
                assertThat(Pause.PREVIEW.left(RECIPE, plan, from)).as("%s from %d", plan.stage().name(), from)
                        .isEqualTo(plan.index() == 0 ? 0
                                : all.stream().filter(step -> step % 400 == 0 && step != plan.endStep()).count());
                assertThat(Pause.CHECKPOINT.left(RECIPE, plan, from)).as("%s from %d", plan.stage().name(), from)
                        .isEqualTo(all.stream().filter(step -> step % 600 == 0 || step == plan.endStep()).count());
            }
        }
    }
}
