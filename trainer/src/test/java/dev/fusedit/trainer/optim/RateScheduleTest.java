package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Schedule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateScheduleTest {
    private static double[] rates(Schedule schedule, long warmUp, long steps) {
        var rates = new double[(int) steps];
        for (int i = 0; i < steps; i++) {
            rates[i] = new RateSchedule(schedule, warmUp, steps).at(2, i);
        }
        return rates;
    }

    @Test
    void aWarmUpHasNoStepOfRateZeroAndTheLastStepHasTheLastFraction() {
        assertThat(rates(new Schedule.Linear(0.5), 1, 4)).containsExactly(new double[] {1, 2, 1.5, 1}, within(1e-12));
        assertThat(rates(new Schedule.Cosine(0), 0, 3)).containsExactly(new double[] {2, 1, 0}, within(1e-12));
        assertThat(rates(new Schedule.Constant(), 3, 5)).containsExactly(new double[] {0.5, 1, 1.5, 2, 2}, within(1e-12));
    }

    /// diffusers' rules, whose numbers [dev.fusedit.trainer.optim.LearningRatesTest] has from there, by a recipe's words.
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{kind: diffusers, name: constant}                                   | 2 2 2 2",
        "{kind: diffusers, name: constant-with-warmup}                       | 0 1 2 2",
        "{kind: diffusers, name: linear}                                     | 0 1 2 1",
        "{kind: diffusers, name: cosine}                                     | 0 1 2 1",
        "{kind: diffusers, name: cosine-with-restarts, cycles: 2}            | 0 1 2 2",
        "{kind: diffusers, name: polynomial, end: 0.5}                       | 0 1 2 1.25",
        "{kind: diffusers, name: piecewise-constant, rules: '1:1,0.5:3,0.1'} | 2 1 1 0.2",
    })
    void recipesNameTheSevenOfDiffusers(String schedule, String expected) {
        var recipe = Recipe.find("tests/minimal",
                List.of("stages.joint.schedule=" + schedule, "stages.joint.warm_up=2", "stages.joint.steps=4"));
        var wanted = java.util.Arrays.stream(expected.split(" ")).mapToDouble(Double::parseDouble).toArray();
        assertThat(rates(recipe.stages().getLast().schedule(), 2, 4)).containsExactly(wanted, within(1e-12));
        assertThat(Recipe.parse(recipe.canonical(), "r.yaml", List.of())).isEqualTo(recipe);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{kind: diffusers, name: linear, cycles: 2}                   | cycles",
        "{kind: diffusers, name: cosine-with-restarts, cycles: 1.5}   | whole number",
        "{kind: diffusers, name: piecewise-constant}                  | rules",
        "{kind: diffusers, name: constant, rules: '1:10,0.1'}         | rules",
    })
    void whatANameDoesNotReadIsRefused(String schedule, String message) {
        assertThatThrownBy(() -> Recipe.find("tests/minimal", List.of("stages.joint.schedule=" + schedule))).isInstanceOf(UserError.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "text | adamw | must be false: no stage is before it",
        "fuse | muon  | must be false: the stage before has the optimizer adamw, not muon",
    })
    void anOptimizerIsKeptFromOneOfItsKind(String stage, String kind, String message) {
        assertThatThrownBy(() -> Recipe.find("tests/minimal",
                List.of("stages." + stage + ".keep_optimizer=true", "stages.fuse.optimizer=" + kind))).isInstanceOf(UserError.class)
                .hasMessageContaining(message);
    }
}
