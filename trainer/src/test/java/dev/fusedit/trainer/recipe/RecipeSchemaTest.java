package dev.fusedit.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.fusedit.trainer.recipe.binding.Node;
import dev.fusedit.trainer.recipe.binding.Overrides;
import dev.fusedit.trainer.recipe.binding.Problems;
import dev.fusedit.trainer.recipe.binding.YamlTree;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeSchemaTest {
    private static final JsonNode JSON = json();
    private static final JsonSchema SCHEMA = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(JSON);

    private static JsonNode json() {
        try {
            return new ObjectMapper().readTree(RecipeSchema.json());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Set<ValidationMessage> mistakes(String yaml) throws IOException {
        return SCHEMA.validate(new YAMLMapper().readTree(yaml));
    }

    private static List<String> names() { return Recipes.names(); }

    @ParameterizedTest
    @MethodSource("names")
    void everyRecipeIsOfThisForm(String name) throws IOException {
        assertThat(mistakes(Recipes.find(name).text())).isEmpty();
        var training = Training.find(name, List.of());
        assertThat(mistakes(training.canonical())).isEmpty();
        assertThat(mistakes(training.brief())).isEmpty();
        assertThat(Training.parse(training.brief(), "brief.yaml", List.of())).isEqualTo(training);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"run.nmae=x", "run.precision=f23", "model.dit.layers=many", "model.fusion=joined", "model.fusion={kind: joined}",
                "model.time={kind: none, x: 1}", "data={image_size: 32}", "stages.fuse.learnig_rate={dit: 1}", "stages.fuse.lr=1e-4",
                "stages.fuse.batch='8'",
                "stages.fuse.batch=2.5", "stages.fuse.schedule=[cosine]", "stages.fuse.losses.flow.time={kind: uniform, std: 1}",
                "stages={name: x}",
                "stages.fuse.optimizer={kind: adamw, betas: [high, low]}", "model.llm={kind: pretrained, name: [x]}",
                "logging.tensorboard=perhaps",
                "evaluation.sets=[seen, unseen]", "sampling.solver=eulers", "sampling.guidance_interval=whole"})
    void whatTheReaderRefusesTheSchemaRefuses(String setting) throws IOException {
        var text = new YAMLMapper().readTree(Recipes.find("tests/minimal").text());
        assertThat(SCHEMA.validate(text)).isEmpty();
        var problems = new Problems();
        Node changed = YamlTree.read(Recipes.find("tests/minimal").text(), "r", problems);
        Overrides.apply(changed, List.of(setting), problems);
        assertThat(mistakes(write(changed))).isNotEmpty();
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> Recipe.find("tests/minimal", List.of(setting)))
                .isInstanceOf(dev.fusedit.torch.UserError.class);
    }

    /// As JSON, which is YAML.
    private static String write(Node node) {
        return switch (node) {
            case Node.Empty _ -> "null";
            case Node.Broken _ -> throw new AssertionError("nothing is broken");
            case Node.Scalar scalar -> scalar.type() == Node.Scalar.Type.TEXT ? "\"" + scalar.text() + "\"" : scalar.text();
            case Node.Items items -> "[" + String.join(", ", items.items().stream().map(RecipeSchemaTest::write).toList()) + "]";
            case Node.Block block -> "{" + String.join(", ",
                    block.entries().entrySet().stream().map(entry -> "\"" + entry.getKey() + "\": " + write(entry.getValue().value()))
                            .toList())
                    + "}";
        };
    }

    @Test
    void keysHaveDefaultsAndDescriptions() {
        var stage = JSON.at("/$defs/Stage");
        assertThat(stage.at("/properties/accumulation/default").asInt()).isEqualTo(1);
        assertThat(stage.at("/properties/accumulation/description").asText())
                .isEqualTo("micro-batches that a step's gradient is summed up over");
        assertThat(stage.at("/properties/schedule/default").asText()).isEqualTo("constant");
        assertThat(stage.at("/properties/learning_rate")).isEqualTo(stage.at("/properties/lr"));
        assertThat(JSON.at("/$defs/Sampling/properties/solver/enum").toString())
                .isEqualTo("[\"euler\",\"euler-stochastic\",\"heun\",\"dpmpp-2m\"]");
        assertThat(JSON.at("/$defs/Sampling/properties/guidance_interval/default").toString()).isEqualTo("[0,1]");
        assertThat(stage.at("/required").toString()).contains("name", "batch", "losses").doesNotContain("\"lr\"", "steps");
        assertThat(JSON.at("/$defs/OptimizerRecipe.AdamW/properties/eps/default").asDouble()).isEqualTo(1e-8);
        assertThat(JSON.at("/$defs/Losses.Repa/description").asText()).contains("REPA (https://arxiv.org/abs/2410.06940)");
        assertThat(JSON.at("/$defs/Data.WebDataset/properties/picture/description").asText()).isEqualTo("field of the image");
        assertThat(JSON.at("/$defs/Losses.TimeDensity.LogitNormal/properties/std/default").asDouble()).as("of a model's own type")
                .isEqualTo(1);
        assertThat(JSON.at("/$defs/Model.Time.AdalnSingle/properties/kind/const").asText()).isEqualTo("adaln-single");
        assertThat(JSON.at("/$defs/LanguageModelRecipe.Custom/required").toString()).as("a block without kind is one")
                .doesNotContain("kind");
    }

    @Test
    void numbersThatSomeReadersTakeForTextsAreNumbers() throws IOException {
        var text = Recipes.find("tests/minimal").text();
        assertThat(mistakes(text.replace("batch: 4", "batch: \"1_000\"").replace("dit: 1e-3", "dit: \"1e-3\""))).isEmpty();
        assertThat(mistakes(text.replace("batch: 4", "batch: \"1000\""))).isNotEmpty();
        assertThat(mistakes(text.replace("dit: 1e-3", "dit: \"much\""))).isNotEmpty();
    }
}
