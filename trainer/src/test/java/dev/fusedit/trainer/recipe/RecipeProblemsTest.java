package dev.fusedit.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fusedit.torch.UserError;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// All that is wrong with a recipe is told at once, and nothing that only follows from it.
class RecipeProblemsTest {
    private static final String MODEL = """
            run: {name: tiny, precision: f32}
            model:
              llm: {width: 32, layers: 2, heads: 2, kv_heads: 1, head_width: 16, mlp_width: 64}
              dit: {width: 32, layers: 2, mlp_width: 64}
            data: {kind: blocks}
            """;
    private static final String STAGES = """
            stages:
              - name: joint
                steps: 20
                batch: 8
                lr: {dit: 1e-3}
                losses: {flow: {}}
            """;

    private static List<String> problems(String yaml, String... settings) {
        var thrown = catchThrowableOfType(UserError.class, () -> Recipe.parse(yaml, "r.yaml", List.of(settings)));
        assertThat(thrown).as("an error").isNotNull();
        return thrown.getMessage().lines().map(line -> line.replaceFirst("^recipe r.yaml:", "")).toList();
    }

    private static String with(String from, String to) {
        var whole = MODEL + STAGES;
        assertThat(whole).contains(from);
        return whole.replace(from, to);
    }

    @Test
    void aFirstRecipeTakesOneTry() {
        assertThat(problems("""
                run: {nmae: tiny, precision: fp32, seed: 007}
                model:
                  llm: {width: 32, layers: 0, heads: 3, kv_heads: 2, head_width: 16, mlp_width: 64}
                  dit: {width: 32, layers: 2, mlp_width: 64}
                  fusion: cross-attention
                  positions: rope
                  time: adaln
                data: {kind: block}
                stages:
                  - name: joint
                    steps: 99999999999
                    batch: 0
                    warm_up: -1
                    learning_rat: {dti: 1e-3}
                    losses: {flow: {weight: .inf}}
                    gradient_mask: insulate
                  - steps: 5
                    batch: 2
                    lr: {dit: 1e-3}
                """)).containsExactly(
                "1: unknown key 'nmae' in 'run'. Did you mean 'name'?",
                "1: 'seed' in 'run' must be a whole number, but is '007' (with a zero in front some readers of YAML take it for octal: "
                        + "write it without)",
                "1: unknown value 'fp32' for 'precision' in 'run'. Did you mean 'f32'?",
                "3: 'layers' in 'model.llm' must be at least 1, but is 0",
                "3: 'kv_heads' in 'model.llm' must divide heads (3), but is 2",
                "5: unknown kind 'cross-attention' for 'fusion' in 'model'. Did you mean 'cross'?",
                "6: unknown kind 'rope' for 'positions' in 'model'. Did you mean 'm-rope'?",
                "7: unknown kind 'adaln' for 'time' in 'model'. Did you mean 'adaln-zero'? Or 'adaln-single'?",
                "8: unknown kind 'block' for 'data'. Did you mean 'blocks'?",
                "11: 'steps' in stage 'joint' must be a whole number from -2147483648 to 2147483647, but is 99999999999",
                "14: unknown key 'learning_rat' in stage 'joint'. Did you mean 'learning_rate'?",
                "15: 'weight' in 'losses.flow' of stage 'joint' must be a number, but is '.inf' (it must be finite)",
                "16: unknown kind 'insulate' for 'gradient_mask' in stage 'joint'. Did you mean 'insulate-llm'?",
                "17: missing key 'name' in stage 2", "17: missing key 'losses' in stage 2");
    }

    @Test
    void allRulesOfARecordAndOfItsWholeAreTold() {
        assertThat(problems(with("batch: 8", "batch: 0\n    warm_up: -1\n    caption_dropout: 2\n    resolution: 48"),
                "data.image_size=33")).containsExactly(
                        "--set data.image_size=33: 'image_size' in 'data' must be a multiple of 32, the grid on which Blocks is drawn, but is 33",
                        "9: 'batch' in stage 'joint' must be at least 1, but is 0",
                        "10: 'warm_up' in stage 'joint' must not be negative, but is -1",
                        "11: 'caption_dropout' in stage 'joint' must be from 0 to below 1, but is 2.0",
                        "12: 'resolution' in stage 'joint' must be a multiple of 32 with Blocks, but is 48");
    }

    @Test
    void whatFollowsFromAProblemIsNotTold() {
        assertThat(problems(with("layers: 2, mlp_width: 64}\ndata", "layers: 2, mlp_width: 64, patch: 0}\ndata")))
                .containsExactly("4: 'patch' in 'model.dit' must be at least 1, but is 0");
        assertThat(problems(with("head_width: 16", "head_width: -2")))
                .containsExactly("3: 'head_width' in 'model.llm' must be even and at least 2, but is -2");
        assertThat(problems(with("data: {kind: blocks}", "data: {kind: blocks}\nsampling: {steps: 0}")))
                .containsExactly("6: 'steps' in 'sampling' must be at least 1, but is 0");
    }

    @Test
    void fileAndSettingsAreToldTogether() {
        assertThat(problems(with("batch: 8", "batch: many"), "run.sed=1", "stages.jiont.steps=1", "run")).containsExactly(
                "--set stages.jiont.steps=1: nothing here is named 'jiont'. Did you mean 'joint'?",
                "--set run: write it as key=value, for example --set run.seed=7",
                "--set run.sed=1: unknown key 'sed' in 'run'. Did you mean 'seed'?",
                "9: 'batch' in stage 'joint' must be a whole number, but is 'many'");
        assertThat(Recipe.parse(with("batch: 8", "batch: many"), "r.yaml", List.of("stages.joint.batch=2")).stages()).hasSize(1);
    }

    @Test
    void manyAreCounted() {
        var stage = STAGES.substring(STAGES.indexOf('\n') + 1).replace("batch: 8", "batch: none");
        assertThat(problems(MODEL + "stages:\n" + stage.repeat(60))).hasSize(51).endsWith("and 10 more");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "steps: 20 | steps: 1e3 | 8: 'steps' in stage 'joint' must be a whole number, but is '1e3' (write 1000)",
        "steps: 20 | steps: 20.0 | 8: 'steps' in stage 'joint' must be a whole number, but is '20.0' (write 20)",
        "steps: 20 | steps: '20' | 8: 'steps' in stage 'joint' must be a whole number, but is '20' (in quotes it is a text)",
        "batch: 8 | batch: 010 | 9: 'batch' in stage 'joint' must be a whole number, but is '010' (with a zero in front some readers of YAML take it for octal: write it without)",
        "batch: 8 | batch: 0x10 | 9: 'batch' in stage 'joint' must be a whole number, but is '0x10' (write it with decimal digits)",
        "batch: 8 | batch: 0o10 | 9: 'batch' in stage 'joint' must be a whole number, but is '0o10' (write it with decimal digits)",
        "batch: 8 | batch: 1:30 | 9: 'batch' in stage 'joint' must be a whole number, but is '1:30' (some readers of YAML count in sixties with ':': write it as one decimal number)",
        "dit: 1e-3 | dit: .inf | 10: 'dit' in 'lr' of stage 'joint' must be a number, but is '.inf' (it must be finite)",
        "dit: 1e-3 | dit: -.INF | 10: 'dit' in 'lr' of stage 'joint' must be a number, but is '-.INF' (it must be finite)",
        "dit: 1e-3 | dit: .nan | 10: 'dit' in 'lr' of stage 'joint' must be a number, but is '.nan' (it must be finite)",
        "dit: 1e-3 | dit: 1e999 | 10: 'dit' in 'lr' of stage 'joint' must be a number, but is '1e999' (the largest number is about 1.8e308)",
        "dit: 1e-3 | dit: '0,5' | 10: 'dit' in 'lr' of stage 'joint' must be a number, but is '0,5' (a point, not a comma, goes before the fraction)",
        "dit: 1e-3 | dit: 010 | 10: 'dit' in 'lr' of stage 'joint' must be a number, but is '010' (with a zero in front",
        "steps: 20 | steps: 20\\n    caption_dropout: 10% | 9: 'caption_dropout' in stage 'joint' must be a number, but is '10%' (write the number without '%')",
        "steps: 20 | steps: 20\\n    checkpointing: y | 9: 'checkpointing' in stage 'joint' must be true or false, but is 'y' (write true)",
        "steps: 20 | steps: 20\\n    checkpointing: 0 | 9: 'checkpointing' in stage 'joint' must be true or false, but is '0' (write false)",
        "precision: f32 | lanes: aut | 1: 'lanes' in 'run' must be auto or a whole number, but is 'aut' (did you mean 'auto'?)",
        "precision: f32 | seed: 99999999999999999999 | 1: 'seed' in 'run' must be a whole number from -9223372036854775808 to 9223372036854775807, but is 99999999999999999999",
    })
    void aValueOfTheWrongKindIsExplained(String from, String to, String error) {
        assertThat(problems(with(from, to.replace("\\n", "\n")))).singleElement().asString().startsWith(error);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "name: joint | name: !!python/object:os.system joint | 7: tags (here !!python/object:os.system) have no meaning in a recipe, write the value alone",
        "losses: {flow: {}} | losses: !!python/object/apply:os.system {flow: {}} | 11: tags (here !!python/object/apply:os.system)",
        "steps: 20 | steps: !!int 20 | 8: tags (here !!",
        "batch: 8 | batch: !mine 8 | 9: tags (here !mine)",
        "lr: {dit | lr: !!map {dit | 10: tags (here !!",
        "data: {kind: blocks} | data: &d {kind: blocks} | 5: anchors (&) and aliases (*)",
        "losses: {flow: {}} | losses: {flow: {}, <<: {}} | 11: merges (<<) have no meaning in a recipe",
        "steps: 20 | steps: 20\\n    batch: 9 | 10: key 'batch' is given twice, first at recipe r.yaml:9",
        "steps: 20 | steps: 20 # \\u0007 | 8: not YAML: the control character U+0007",
    })
    void whatYamlCanDoAndARecipeMayNotIsRefusedAtItsLine(String from, String to, String error) {
        assertThat(problems(with(from, to.replace("\\n", "\n").replace("\\u0007", "\u0007")))).singleElement().asString()
                .startsWith(error);
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 900, 5_000, 100_000})
    void deepNestingHasALine(int levels) {
        assertThat(problems(with("steps: 20", "steps: " + "[".repeat(levels) + "]".repeat(levels)))).first().asString()
                .startsWith("8: blocks and lists are nested more than 32 deep");
        assertThat(problems(MODEL + STAGES, "run.name=" + "{a: ".repeat(levels))).anyMatch(line -> line.contains("nested"));
    }

    @Test
    void theWeightsThatAreSampledFollowTheStages() {
        var without = Recipe.parse(MODEL + STAGES, "r.yaml", List.of());
        assertThat(without.sampling().weights()).isEqualTo(Sampling.Weights.RAW);
        assertThat(without.canonical()).contains("weights: raw");
        var averaged = Recipe.parse(with("steps: 20", "steps: 20\n    ema: {decay: 0.9}"), "r.yaml", List.of());
        assertThat(averaged.sampling().weights()).isEqualTo(Sampling.Weights.EMA);
        assertThat(averaged.brief()).doesNotContain("sampling", "raw");
        for (var recipe : List.of(without, averaged)) {
            assertThat(Recipe.parse(recipe.brief(), "again", List.of())).isEqualTo(recipe);
            assertThat(Recipe.parse(recipe.canonical(), "again", List.of())).isEqualTo(recipe);
        }
        var chosen = Recipe.parse(averaged.brief(), "r.yaml", List.of("sampling.weights=raw"));
        assertThat(chosen.brief()).contains("weights: raw");
    }
}
