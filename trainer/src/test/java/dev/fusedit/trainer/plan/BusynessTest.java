package dev.fusedit.trainer.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.trainer.plan.Busyness.Load;
import dev.fusedit.trainer.plan.Busyness.Spread;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.List;
import org.junit.jupiter.api.Test;

class BusynessTest {
    private static final Load QUIET = new Load(1.2, 2);
    private static final Spread STEADY = Spread.of(List.of(1e-3, 1.1e-3, 1.05e-3, 1.2e-3, 1.1e-3, 9e-3));
    private static final Spread SCATTERED = Spread.of(List.of(0.8e-3, 0.9e-3, 1.1e-3, 1.9e-3, 1.7e-3, 0.85e-3));

    @Test
    void aQuietMachineIsNotSpokenOf() {
        assertThat(new Busyness(QUIET, List.of(STEADY, STEADY)).sentence()).as("one run among many does not count").isNull();
        assertThat(new Busyness(new Load(2, 2), List.of()).sentence()).isNull();
        assertThat(new Busyness(new Load(-1, 2), List.of(STEADY)).sentence()).as("no load told").isNull();
        assertThat(new Busyness(QUIET, List.of(STEADY, STEADY, SCATTERED)).sentence()).as("most are steady").isNull();
    }

    @Test
    void loadAboveTheCoresIsSaid() {
        assertThat(new Busyness(new Load(5.1, 2), List.of(SCATTERED)).sentence())
                .isEqualTo("This machine is busy (load 5.1 on 2 cores; the same matmul took 0.8 to 1.9 ms): times below may be too long");
        assertThat(new Busyness(new Load(1.5, 1), List.of()).sentence())
                .isEqualTo("This machine is busy (load 1.5 on 1 core): times below may be too long");
    }

    @Test
    void ratesThatScatterAreSaid() {
        assertThat(new Busyness(QUIET, List.of(STEADY, SCATTERED, SCATTERED)).sentence()).contains("load 1.2 on 2 cores",
                "0.8 to 1.9 ms");
        assertThat(new Busyness(new Load(-1, 2), List.of(SCATTERED)).sentence())
                .isEqualTo("This machine is busy (the same matmul took 0.8 to 1.9 ms): times below may be too long");
    }

    @Test
    void matmulsThatAreTooShortOrTooFewTellNothing() {
        var shorter = new Spread(1e-5, 5e-5, 6e-5, 20);
        var few = new Spread(1e-3, 5e-3, 6e-3, 3);
        assertThat(new Busyness(QUIET, List.of(shorter, few)).sentence()).isNull();
        assertThat(new Busyness(QUIET, List.of(shorter, few, SCATTERED)).sentence()).contains("0.8 to 1.9 ms");
    }

    @Test
    void aPlanSaysItBeforeItsTimes() {
        var plan = Plan.of(Recipe.find("tests/minimal", List.of())).measured();
        var speed = java.util.Objects.requireNonNull(plan.speed());
        assertThat(speed.busyness().load().cores()).isPositive();
        assertThat(speed.busyness().spreads()).hasSameSizeAs(speed.rates().keySet());
        var busy = with(plan, new Busyness(new Load(5.1, 2), List.of()));
        assertThat(PlanText.of(busy).indexOf("This machine is busy (load 5.1 on 2 cores)")).isPositive()
                .isLessThan(PlanText.of(busy).indexOf("seconds a step here"));
        assertThat(PlanJson.of(busy).path("busy").textValue()).contains("load 5.1");
        var quiet = with(plan, new Busyness(QUIET, List.of()));
        assertThat(PlanText.of(quiet)).doesNotContain("busy").contains("under its present load (load 1.2 on 2 cores): about");
        assertThat(PlanJson.of(quiet).path("busy").isNull()).isTrue();
    }

    private static Plan with(Plan plan, Busyness busyness) {
        var speed = java.util.Objects.requireNonNull(plan.speed());
        var changed = new Calibration(speed.rates(), speed.otherwise(), speed.bandwidth(), speed.largest(), busyness);
        return new Plan(plan.recipe(), plan.parameters(), plan.beside(), plan.stages(), plan.checkpoint(), plan.available(), plan.where(),
                plan.remedies(), changed, Processes.ALONE, 0);
    }
}
