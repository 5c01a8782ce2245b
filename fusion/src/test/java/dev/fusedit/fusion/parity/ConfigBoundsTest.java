package dev.fusedit.fusion.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.Goldens;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.fusion.flow.SchedulerConfigs;
import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vision.ClipTextConfig;
import dev.fusedit.fusion.vision.DinoConfig;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever number stands in a model's configuration: it is read, or refused by a sentence that names the file; at once.
class ConfigBoundsTest {
    private static JsonNode json(String golden, String pointer) throws IOException {
        return new ObjectMapper().readTree(Goldens.folder(golden).resolve("config.json").toFile()).at(pointer);
    }

    static List<Arguments> configs() throws IOException {
        var all = new ArrayList<Arguments>();
        for (var llm : List.of("llama3_rope", "gemma", "gemma2", "gemma3_text", "qwen3")) {
            all.add(Arguments.of(llm, json("llm/" + llm, ""), (Consumer<JsonNode>) json -> LanguageConfigs.read(json, "here")));
        }
        all.add(Arguments.of("clip", json("clip/legacy_gelu", ""), (Consumer<JsonNode>) json -> ClipTextConfig.of(json, "here")));
        all.add(Arguments.of("dino", json("dinov2/registers", ""), (Consumer<JsonNode>) json -> DinoConfig.of(json, "here")));
        all.add(Arguments.of("vae", json("vae/sd3", ""), (Consumer<JsonNode>) json -> AutoencoderConfig.of(json, "here")));
        all.add(Arguments.of("fused", json("pipeline/fuse_gemma_ape", "/transformer"),
                (Consumer<JsonNode>) json -> ModelConfigJson.read(json, "here")));
        all.add(Arguments.of("dual", json("transformer/dual_stream_single", "/reference"),
                (Consumer<JsonNode>) json -> ModelConfigJson.read(json, "here")));
        all.add(Arguments.of("scheduler", JsonNodeFactory.instance.objectNode().put("num_train_timesteps", 1000).put("shift", 3.0)
                .put("shift_terminal", 0.1).put("_class_name", "FlowMatchEulerDiscreteScheduler"),
                (Consumer<JsonNode>) json -> SchedulerConfigs
                        .scheduler(json, "here")));
        all.add(Arguments.of("dynamic", JsonNodeFactory.instance.objectNode().put("use_dynamic_shifting", true).put("base_shift", 0.5)
                .put("max_shift", 1.15).put("base_image_seq_len", 256).put("max_image_seq_len", 4096)
                .put("_class_name", "FlowMatchEulerDiscreteScheduler"),
                (Consumer<JsonNode>) json -> SchedulerConfigs
                        .scheduler(json, "here").sized(4096)));
        return all;
    }

    /// Each tries a number at one place.
    private static Stream<JsonNode> changed(JsonNode whole) {
        var paths = new ArrayList<List<Object>>();
        collect(whole, List.of(), paths);
        var nodes = JsonNodeFactory.instance;
        var extremes = List.of(nodes.numberNode(0), nodes.numberNode(-1), nodes.numberNode(Integer.MAX_VALUE),
                nodes.numberNode(Integer.MIN_VALUE), nodes.numberNode(1L << 40), nodes.numberNode(1_000_000_000), nodes.numberNode(1e300),
                nodes.numberNode(1e-300));
        return paths.stream().flatMap(path -> extremes.stream().map(extreme -> with(whole, path, extreme)));
    }

    private static void collect(JsonNode node, List<Object> at, List<List<Object>> paths) {
        switch (node) {
            case ObjectNode object -> object.properties().forEach(entry -> collect(entry.getValue(), and(at, entry.getKey()), paths));
            case ArrayNode array -> {
                for (int i = 0; i < array.size(); i++) collect(array.get(i), and(at, i), paths);
            }
            default -> {
                if (node.isNumber()) paths.add(at);
            }
        }
    }

    private static List<Object> and(List<Object> path, Object last) {
        var longer = new ArrayList<>(path);
        longer.add(last);
        return longer;
    }

    private static JsonNode with(JsonNode whole, List<Object> path, JsonNode value) {
        var copy = whole.deepCopy();
        JsonNode parent = copy;
        for (var key : path.subList(0, path.size() - 1)) parent = key instanceof Integer i ? parent.get(i) : parent.get((String) key);
        if (path.getLast() instanceof Integer i) {
            ((ArrayNode) parent).set(i, value);
        } else {
            ((ObjectNode) parent).set((String) path.getLast(), value);
        }
        return copy;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("configs")
    @Timeout(60)
    void everyNumberIsReadOrRefusedByName(String name, JsonNode config, Consumer<JsonNode> read) {
        read.accept(config);
        assertThat(changed(config)).hasSizeGreaterThan(20).allSatisfy(json -> {
            var thrown = catchThrowable(() -> read.accept(json));
            if (thrown != null) assertThat(thrown).as("%s", json).isInstanceOf(UserError.class).hasMessageContaining("here");
        });
    }

    @Test
    void headsOfNoneAreNamedAsTheFileSpellsThem() throws IOException {
        var config = ((ObjectNode) json("llm/llama3_rope", "")).put("num_attention_heads", 0);
        assertThat(catchThrowable(() -> LanguageConfigs.read(config, "config.json"))).isInstanceOf(UserError.class)
                .hasMessage("config.json: num_attention_heads must be at least 1, but is 0");
    }
}
