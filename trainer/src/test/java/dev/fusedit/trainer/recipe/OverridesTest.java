package dev.fusedit.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverridesTest {
    @Test
    void settingGoesToTheNamedStage() {
        var recipe = quickstart("stages.joint.learning_rate.llm=1e-5", "stages.0.steps=70");
        assertThat(recipe.stages().get(2).lr()).containsEntry("llm", 1e-5);
        assertThat(recipe.stages().get(0).steps()).isEqualTo(70);
        assertThat(recipe.stages().get(1)).isEqualTo(quickstart().stages().get(1));
    }

    @Test
    void abbreviatedWordKeepsItsKind() {
        assertThat(quickstart("stages.text.schedule.final_fraction=0.5").stages().getFirst().schedule())
                .isEqualTo(new Schedule.Cosine(0.5));
    }

    @Test
    void blocksThatWereLeftOutAreMade() {
        assertThat(quickstart("stages.text.optimizer={kind: adamw, weight_decay: 0.5}").stages().getFirst().optimizer())
                .isEqualTo(new OptimizerRecipe.AdamW(List.of(0.9, 0.999), 1e-8, 0.5, OptimizerRecipe.Decay.ALL));
        assertThat(quickstart("data.mix.single=7").data())
                .isEqualTo(new Data.Blocks(32, 1, new Data.Mix(7, 3, 3, 2, 3, 3, 50), null, 2, false));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "stages.jiont.steps=1 | : nothing here is named 'jiont'. Did you mean 'joint'?",
        "stages.joint.stesp=1 | : unknown key 'stesp' in stage 'joint'. Did you mean 'steps'?",
        "stages.joint.steps=0 | : 'steps' in stage 'joint' must be at least 1, but is 0",
        "run.seed=x | : 'seed' in 'run' must be a whole number, but is 'x'",
        "run.seed.x=1 | : 'seed' in 'run' must be a whole number, but is a block of keys",
        "run.seed | : write it as key=value, for example --set run.seed=7",
        "run.seed= | : 'seed' in 'run' has no value.",
        "run.seed={a | : not YAML: ",
        "rum.seed=1 | : unknown key 'rum' in the recipe. Did you mean 'run'?",
    })
    void mistakeNamesTheSetting(String setting, String error) {
        assertThatThrownBy(() -> quickstart(setting)).isInstanceOf(UserError.class).hasMessageStartingWith("--set " + setting + error);
    }

    private static Recipe quickstart(String... settings) { return Recipe.find("quickstart", List.of(settings)); }
}
