package dev.fusedit.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.SharedLayers;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.plan.Plan;
import dev.fusedit.trainer.plan.PlanText;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReadLayersTest {
    private static Recipe over(String... settings) {
        var all = new ArrayList<>(List.of("model.llm={kind: pretrained, name: google/gemma-3-270m}"));
        all.addAll(List.of(settings));
        return Recipe.find("tests/minimal", all);
    }

    private static FuseDiTConfig config(Recipe recipe) { return (FuseDiTConfig) RecipeModelConfigs.of(recipe); }

    @Test
    void theyAreSpreadEvenlyWithTheFirstAndTheLast() {
        var spread = new ReadLayers.Spread();
        assertThat(spread.of(18, 6)).containsExactly(0, 3, 7, 10, 14, 17);
        assertThat(spread.of(18, 2)).containsExactly(0, 17);
        assertThat(spread.of(18, 1)).containsExactly(17);
        assertThat(spread.of(6, 6)).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(spread.of(4, 6)).containsExactly(0, 1, 2, 3);
        for (int blocks = 2; blocks < 30; blocks++) {
            assertThat(spread.of(30, blocks)).hasSize(blocks).isSorted().doesNotHaveDuplicates().startsWith(0).endsWith(29);
        }
        assertThat(new ReadLayers.Last().of(18, 6)).containsExactly(12, 13, 14, 15, 16, 17);
        assertThat(new ReadLayers.First().of(18, 3)).containsExactly(0, 1, 2);
    }

    @Test
    void whatIsReadIsBuilt() {
        var first = config(over("model.dit.layers=6"));
        assertThat(first.text().layers()).isEqualTo(6);
        assertThat(config(over("model.dit.layers=6", "model.read_layers=first"))).isEqualTo(first);
        var last = config(over("model.dit.layers=6", "model.read_layers=last"));
        assertThat(last.initialLayers()).isEqualTo(12);
        assertThat(last.readLayers()).containsExactly(12, 13, 14, 15, 16, 17);
        var spread = config(over("model.dit.layers=6", "model.read_layers=spread"));
        assertThat(spread.text().layers()).isEqualTo(18);
        assertThat(spread.readLayers()).containsExactly(0, 3, 7, 10, 14, 17);
        assertThat(spread.text().family().windows().has(17)).as("the last of 18 sees everything").isFalse();
        var listed = config(over("model.dit.layers=3", "model.read_layers=[1, 4, 9]"));
        assertThat(listed.text().layers()).as("nothing behind the last one is there").isEqualTo(10);
        assertThat(listed.readLayers()).containsExactly(1, 4, 9);
        assertThat(config(over("model.dit.layers=2", "model.read_layers=[4, 5]")).shared()).isEqualTo(new SharedLayers.All());
        assertThat(config(over("model.dit.layers=2", "model.llm.layers=5", "model.read_layers=last")).readLayers()).containsExactly(3, 4);
    }

    @Test
    void aListReadsBackHoweverItIsWritten() {
        var recipe = over("model.dit.layers=2", "model.read_layers=[1, 4]");
        assertThat(over("model.dit.layers=2", "model.read_layers={kind: listed, layers: [1, 4]}")).isEqualTo(recipe);
        assertThat(Recipe.parse(recipe.canonical(), "again", List.of())).isEqualTo(recipe);
        assertThat(Recipe.parse(recipe.brief(), "again", List.of())).isEqualTo(recipe);
        assertThat(RecipeSchema.json()).contains("\"ReadLayers.Listed\"");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "model.dit.layers=6 | first | 6 of 18 layers, the first ones, of google/gemma-3-270m, which has 268.1 M)",
        "model.dit.layers=6 | last | 6 of 18 layers, the last ones, of google/gemma-3-270m, which has 268.1 M; the text goes through all of them)",
        "model.dit.layers=6 | spread | 6 of 18 layers (0, 3, 7, 10, 14, 17) of google/gemma-3-270m, which has 268.1 M; the text goes through all",
        "model.dit.layers=3 | [1, 4, 9] | 3 of 18 layers (1, 4, 9) of google/gemma-3-270m, which has 268.1 M; the text goes through the first 10)"})
    void aPlanTellsThem(String size, String choice, String words) {
        assertThat(PlanText.of(Plan.of(over(size, "model.read_layers=" + choice, "run.lanes=1")))).contains(words);
    }

    @Test
    void layersBetweenCostWhatTheyTake() {
        double first = flops("first"), spread = flops("spread"), last = flops("last");
        assertThat(spread).isEqualTo(last).isGreaterThan(first);
    }

    private static double flops(String choice) {
        return Plan.of(over("model.dit.layers=6", "model.read_layers=" + choice, "run.lanes=1")).stages().getLast().work().flops();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "model.read_layers=last | model.fusion=shallow-joint | 'read_layers' in 'model' must be left out: with fusion 'shallow-joint' all blocks read one hidden state, which fusion.hidden_state names",
        "model.read_layers=[0, 1] | model.fusion=dual-stream | must be left out: with fusion 'dual-stream'",
        "model.read_layers=last | model.initial_layers=2 | must be first, or left out, beside initial_layers, which says already which layers are read",
        "model.read_layers=spread | model.shared_layers=[0, 1] | beside shared_layers",
        "model.read_layers=[0, 1, 2] | model.dit.layers=2 | must name a layer for each of the 2 blocks (dit.layers), but is [0, 1, 2]",
        "model.read_layers=[0, 18] | model.dit.layers=2 | must name layers from 0 to 17, those of the language model, but is [0, 18]",
        "model.read_layers=[4, 1] | model.dit.layers=2 | must be in growing order, but is [4, 1]",
        "model.read_layers=midst | model.dit.layers=2 | unknown kind 'midst' for 'read_layers' in 'model'."})
    void whatMeansNothingIsRefused(String setting, String beside, String message) {
        assertThatThrownBy(() -> over(beside, setting)).isInstanceOf(UserError.class).hasMessageContaining(message);
    }
}
