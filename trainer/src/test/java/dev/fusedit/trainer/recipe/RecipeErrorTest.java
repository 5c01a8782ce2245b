package dev.fusedit.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fusedit.torch.UserError;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each kind of mistake: its line, its key, what to do.
class RecipeErrorTest {
    private static final String GOOD = """
            run:
              name: tiny
              precision: f32
            model:
              llm: {width: 32, layers: 2, heads: 2, kv_heads: 1, head_width: 16, mlp_width: 64}
              dit:
                width: 32
                layers: 2
                mlp_width: 64
            data:
              kind: blocks
            stages:
              - name: text
                steps: 20
                batch: 8
                learning_rate: {llm: 1e-3}
                losses: {language: {}}
              - name: joint
                steps: 20
                batch: 8
                learning_rate:
                  dit: 1e-3
                  llm: 1e-5
                ema: {decay: 0.9}
                schedule: cosine
                losses:
                  flow:
                    weight: 1
            """;

    /// What nothing would read is not passed over.
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"',
            value = {"weights.vae=a | 'weights.vae' must be left out: model.vae is not given, so images are pixels",
                "weights.clip=a | 'weights.clip' must be left out: model.clip is not given",
                "weights.tokenizer=a | 'weights.tokenizer' must be left out: model.llm has one of its own"})
    void filesOfPartsThatAreNotThereAreRefused(String setting, String message) {
        assertThatThrownBy(() -> Recipe.parse(GOOD, "r.yaml", List.of(setting))).isInstanceOf(UserError.class)
                .hasMessageContaining(message);
    }

    @Test
    void goodIsGood() { assertThat(Recipe.parse(GOOD, "r.yaml", List.of()).stages()).hasSize(2); }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "batch: 8\\n    learning_rate:\\n | batch: 8\\n    learnig_rate:\\n | 21: unknown key 'learnig_rate' in stage 'joint'. Did you mean 'learning_rate'?",
        "name: tiny | nmae: tiny | 2: unknown key 'nmae' in 'run'. Did you mean 'name'?",
        "precision: f32 | colour: f32 | 3: unknown key 'colour' in 'run'. Known: name, seed, precision, device, lanes, output, minutes, compatibility.",
        "data:\\n | dta:\\n | 10: unknown key 'dta' in the recipe. Did you mean 'data'?",
        "weight: 1 | wieght: 1 | 28: unknown key 'wieght' in 'losses.flow' of stage 'joint'. Did you mean 'weight'?",
        "precision: f32 | precision: f23 | 3: unknown value 'f23' for 'precision' in 'run'. Did you mean 'f32'?",
        "mlp_width: 64\\ndata:\\n | mlp_width: 64\\n  positions: {kind: ape, table: 4}\\ndata:\\n | 10: 'model.positions.table' must have a place for each row of patches: stage 'text' has 16, the table 4",
        "schedule: cosine | schedule: cosin | 25: unknown kind 'cosin' for 'schedule' in stage 'joint'. Did you mean 'cosine'?",
        "schedule: cosine | schedule: {final_fraction: 1} | 25: missing key 'kind' in 'schedule' of stage 'joint': one of constant, cosine, linear, diffusers",
        "schedule: cosine | schedule: {kind: cosine, final_fraction: 2} | 25: 'final_fraction' in 'schedule' of stage 'joint' must lie in 0 to 1, but is 2.0",
        "schedule: cosine | schedule: {kind: constant, final_fraction: 1} | 25: unknown key 'final_fraction' in 'schedule' of stage 'joint'.",
        "schedule: cosine | schedule: [cosine] | 25: 'schedule' in stage 'joint' must be one of constant, cosine, linear, diffusers, but is a list",
        "steps: 20\\n    batch: 8\\n    learning_rate:\\n | steps: many\\n    batch: 8\\n    learning_rate:\\n | 19: 'steps' in stage 'joint' must be a whole number, but is 'many'",
        "steps: 20\\n    batch: 8\\n    learning_rate:\\n | steps: 2.5\\n    batch: 8\\n    learning_rate:\\n | 19: 'steps' in stage 'joint' must be a whole number, but is '2.5'",
        "steps: 20\\n    batch: 8\\n    learning_rate:\\n | steps: '20'\\n    batch: 8\\n    learning_rate:\\n | 19: 'steps' in stage 'joint' must be a whole number, but is '20'",
        "steps: 20\\n    batch: 8\\n    learning_rate:\\n | steps: -3\\n    batch: 8\\n    learning_rate:\\n | 19: 'steps' in stage 'joint' must be at least 1, but is -3",
        "steps: 20\\n    batch: 8\\n    learning_rate:\\n | steps: 99999999999\\n    batch: 8\\n    learning_rate:\\n | 19: 'steps' in stage 'joint' must be a whole number from -2147483648 to 2147483647, but is 99999999999",
        "steps: 20\\n    batch: 8\\n    learning_rate:\\n | steps:\\n    batch: 8\\n    learning_rate:\\n | 19: 'steps' in stage 'joint' has no value.",
        "steps: 20\\n    batch: 8\\n    learning_rate:\\n | batch: 8\\n    learning_rate:\\n | 18: 'steps' in stage 'joint' must be given, or else epochs, and not both",
        "dit: 1e-3 | dit: -1e-3 | 22: 'lr.dit' in stage 'joint' must be more than 0, but is -0.001",
        "dit: 1e-3 | dit: nan | 22: 'dit' in 'lr' of stage 'joint' must be a number, but is 'nan'",
        "dit: 1e-3 | dut: 1e-3 | 22: 'lr.dut' in stage 'joint' must be a part or one of the stage's groups. Did you mean 'dit'?",
        "dit: 1e-3 | dit: 1e-3\\n      dit: 1e-4 | 23: key 'dit' is given twice, first at recipe r.yaml:22",
        "ema: {decay: 0.9} | ema: {decay: much} | 24: 'decay' in 'ema' of stage 'joint' must be a number, but is 'much'",
        "ema: {decay: 0.9} | ema: {decay: 1} | 24: 'decay' in 'ema' of stage 'joint' must be from 0 to below 1, but is 1.0",
        "ema: {decay: 0.9} | optimizer: {kind: adamw, betas: [0.9]} | 24: 'betas' in 'optimizer' of stage 'joint' must be two numbers",
        "ema: {decay: 0.9} | optimizer: {kind: adamw, betas: [0.9, high]} | 24: beta 2 must be a number, but is 'high'",
        "language: {} | flow: | 17: 'flow' in 'losses' of stage 'text' has no value.",
        "layers: 2, heads: 2 | layers: 2 | 5: missing key 'heads' in 'model.llm'",
        "head_width: 16 | head_width: 6 | 5: 'llm.head_width' in 'model' must be a multiple of 4",
        "kind: blocks | kind: blocks\\n  image_size: 48 | 12: 'image_size' in 'data' must be a multiple of 32",
        "kind: blocks | kind: blocks\\n  mix: {single: -1} | 12: 'single' in 'data.mix' must not be negative, but is -1",
        "name: joint | name: text | 18: 'stages.text' must not be the name of two stages",
        "name: tiny | name: 7 | 2: 'name' in 'run' must be a text, but is '7' (a text that looks like something else goes into quotes)",
        "name: tiny | name: [tiny] | 2: 'name' in 'run' must be a text, but is a list",
        "name: tiny | name: a b | 2: 'name' in 'run' must be letters",
        "name: tiny | name: *x | 2: anchors (&) and aliases (*)",
        "name: tiny | name: {a: b | 3: not YAML: ",
        "name: tiny | \\tname: tiny | 2: not YAML: found character '",
        "losses: {language: {}} | losses: none | 17: 'losses' in stage 'text' must be a block of keys, but is 'none'",
        "data:\\n | sampling: {guidance_interval: [0.6, 0.2]}\\ndata:\\n | 10: 'guidance_interval' in 'sampling' must be two noise levels with 0 <= low < high <= 1, but is [0.6, 0.2]",
        "data:\\n | sampling: {guidance_interval: [0.6]}\\ndata:\\n | 10: 'guidance_interval' in 'sampling' must be two noise levels",
        "data:\\n | sampling: {solver: dpmpp-3m}\\ndata:\\n | 10: unknown value 'dpmpp-3m' for 'solver' in 'sampling'. Did you mean 'dpmpp-2m'?",
        "data:\\n  kind: blocks | data: blocks\\n---\\nx: 1\\n--- | 12: one recipe is one YAML document",
    })
    void mistakeIsShownAtItsLine(String from, String to, String error) {
        String text = replaceOnce(unescape(from), unescape(to));
        var thrown = catchThrowableOfType(UserError.class, () -> Recipe.parse(text, "r.yaml", List.of()));
        assertThat(thrown).isNotNull();
        assertThat(thrown.getMessage()).startsWith("recipe r.yaml:" + error);
    }

    @Test
    void missingTopLevelKeyIsNamed() {
        assertThatThrownBy(() -> Recipe.parse("run: {name: x}\n", "r.yaml", List.of())).isInstanceOf(UserError.class)
                .hasMessage("""
                        recipe r.yaml: missing key 'model' in the recipe
                        recipe r.yaml: missing key 'data' in the recipe
                        recipe r.yaml: missing key 'stages' in the recipe""");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"'' | is empty", "'# nothing' | is empty", "'--- ' | is empty", "hello | is not a recipe",
        "'[1, 2]' | is not a recipe"})
    void whatIsNoRecipeIsSaidSo(String text, String error) {
        assertThatThrownBy(() -> Recipe.parse(text, "r.yaml", List.of())).isInstanceOf(UserError.class)
                .hasMessageStartingWith("recipe r.yaml: " + error);
    }

    @Test
    void anEmaThatNoStageKeepsCannotBeSampled() {
        var text = replaceOnce("ema: {decay: 0.9}", "warm_up: 1") + "sampling:\n  weights: ema\n";
        assertThatThrownBy(() -> Recipe.parse(text, "r.yaml", List.of())).isInstanceOf(UserError.class)
                .hasMessage(
                        "recipe r.yaml:30: 'sampling.weights' must be raw, or the last stage must have an ema: there is no average to sample from");
    }

    @Test
    void stageThatNoLossReachesIsRefused() {
        assertThatThrownBy(() -> Recipe.parse(GOOD, "r.yaml", List.of("stages.text.lr.dit=1"))).isInstanceOf(UserError.class)
                .hasMessageStartingWith(
                        "--set stages.text.lr.dit=1: 'lr.dit' in stage 'text' must be left out: stage 'text' trains the DiT, but no loss reaches it");
    }

    private static String replaceOnce(String from, String to) {
        int at = GOOD.indexOf(from);
        assertThat(at).as(from).isNotNegative();
        return GOOD.substring(0, at) + to + GOOD.substring(at + from.length());
    }

    private static String unescape(String text) { return text.replace("\\n", "\n").replace("\\t", "\t"); }
}
