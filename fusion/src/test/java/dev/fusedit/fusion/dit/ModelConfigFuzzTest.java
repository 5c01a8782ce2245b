package dev.fusedit.fusion.dit;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.fusion.Goldens;
import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.text.MutatedJson;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// A `config.json` that is nearly a model's, fused or a language model's, is one, which is written and read back as itself, or is refused by
/// a [UserError] that names the file.
class ModelConfigFuzzTest {
    private static final String WHERE = "fuzzed/config.json";
    private static final ArrayNode MODELS = of("transformer", Set.of("FuseDiT", "DiT", "MMDiT"));
    private static final ArrayNode LANGUAGE_MODELS = of("llm", Set.of("gemma", "gemma2", "gemma3_text", "paligemma", "llama", "qwen3"));

    static Stream<byte[]> seeds() { return MutatedJson.seeds(); }

    /// All configurations of some kinds within the golden cases.
    private static ArrayNode of(String folder, Set<String> kinds) {
        var all = JsonNodeFactory.instance.arrayNode();
        try (var files = Files.walk(Goldens.folder(folder))) {
            files.filter(file -> file.endsWith("config.json")).sorted().forEach(file -> add(all, JsonFile.read(file, ""), kinds));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(all).hasSizeGreaterThan(5);
        return all;
    }

    private static void add(ArrayNode all, JsonNode node, Set<String> kinds) {
        if (kinds.contains(node.path("model_type").asText())) all.add(node);
        else node.forEach(inner -> add(all, inner, kinds));
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void nearlyModels(byte[] choices) {
        try {
            var config = ModelConfigJson.read(MutatedJson.read(choices, MODELS), WHERE);
            assertThat(ModelConfigJson.read(ModelConfigJson.json(config), WHERE)).isEqualTo(config);
        } catch (UserError e) {
            assertThat(e).hasMessageStartingWith(WHERE);
        }
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void nearlyLanguageModels(byte[] choices) {
        try {
            var config = LanguageConfigs.read(MutatedJson.read(choices, LANGUAGE_MODELS), WHERE);
            assertThat(LanguageConfigs.read(LanguageConfigs.json(config), WHERE)).isEqualTo(config);
        } catch (UserError e) {
            assertThat(e).hasMessageStartingWith(WHERE);
        }
    }
}
