package dev.fusedit.fusion.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.Goldens;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class LanguageModelsTest {
    private static final Prompt PROMPT = Prompt.of(new long[] {2, 7, 9, 11, 30, 31}, new long[] {2, 5});
    private static final ObjectMapper JSON = new ObjectMapper();

    private static ObjectNode json(String name) throws IOException {
        return (ObjectNode) JSON.readTree(Goldens.folder("llm/" + name).resolve("config.json").toFile());
    }

    private static Map<String, Tensor> weights(String name) {
        var result = new LinkedHashMap<String, Tensor>();
        try (var file = SafeTensors.open(Goldens.folder("llm/" + name).resolve("weights.safetensors"))) {
            file.entries().keySet().forEach(key -> result.put(key, file.read(key)));
        }
        return result;
    }

    private static Tensor logits(Path folder) {
        try (var loaded = LanguageModels.read(folder, DTypePolicy.F32)) {
            return loaded.model().logits(loaded.model().forward(PROMPT)).copy();
        }
    }

    /// Of a golden model's weights with the configuration in a folder.
    private static Tensor logits(Path golden, Path folder) throws IOException {
        Files.copy(golden.resolve("weights.safetensors"), folder.resolve("model.safetensors"));
        try {
            return logits(folder);
        } finally {
            Files.delete(folder.resolve("model.safetensors"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gemma", "gemma_bias_mha", "gemma2", "paligemma_text", "gemma3_text", "gemma3_text_linear_rope", "llama",
        "llama3_rope", "qwen3"})
    void aConfigurationIsItsOwnJson(String name) throws IOException {
        var config = LanguageConfigs.read(json(name), "here");
        assertThat(LanguageConfigs.read(LanguageConfigs.json(config), "there")).isEqualTo(config);
        assertThat(LanguageConfigs.read(LanguageConfigs.json(config.withSoftcap(true)), "there").softcap()).isTrue();
    }

    @Test
    void shardsReadAsOneFile(@TempDir Path folder) throws IOException {
        var whole = weights("gemma");
        var shards = new LinkedHashMap<String, Map<String, Tensor>>();
        var index = JSON.createObjectNode();
        whole.forEach((name, value) -> {
            var shard = name.startsWith("layers.1") ? "model-00002-of-00002.safetensors" : "model-00001-of-00002.safetensors";
            shards.computeIfAbsent(shard, _ -> new LinkedHashMap<>()).put("model." + name, value);
            index.withObject("/weight_map").put("model." + name, shard);
        });
        for (var shard : shards.entrySet()) {
            SafeTensors.write(folder.resolve(shard.getKey()), shard.getValue(), Map.of());
        }
        Files.writeString(folder.resolve("model.safetensors.index.json"), index.toString());
        Files.writeString(folder.resolve("config.json"), json("gemma").toString());
        assertThat(logits(folder).sameValues(logits(Goldens.folder("llm/gemma")))).isTrue();
    }

    @Test
    void aHeadOfItsOwnMakesTheLogits(@TempDir Path folder) throws IOException {
        var all = weights("llama");
        all.put("layers.0.self_attn.rotary_emb.inv_freq", Tensor.zeros(DType.F32, 4));
        all.put("lm_head.weight", all.get("embed_tokens.weight").mul(1));
        SafeTensors.write(folder.resolve("model.safetensors"), all, Map.of());
        Files.writeString(folder.resolve("config.json"), json("llama").put("tie_word_embeddings", true).toString());
        var tied = logits(folder);
        all.put("lm_head.weight", all.get("embed_tokens.weight").mul(2));
        SafeTensors.write(folder.resolve("model.safetensors"), all, Map.of());
        assertThatThrownBy(() -> logits(folder)).as("a head that is no embedding table").isInstanceOf(UserError.class)
                .hasMessageContaining("tie_word_embeddings is true").hasMessageContaining("lm_head.weight has other values");
        Files.writeString(folder.resolve("config.json"), json("llama").put("tie_word_embeddings", false).toString());
        assertThat(logits(folder).allClose(tied.mul(2), 1e-5, 1e-5)).isTrue();
    }

    @Test
    void doubledCutAndAdaptedModelsAreNamed(@TempDir Path folder) throws IOException {
        SafeTensors.write(folder.resolve("model.safetensors"), weights("gemma"), Map.of());
        Files.writeString(folder.resolve("config.json"), json("gemma").put("num_hidden_layers", 2).toString());
        refused(folder, "num_hidden_layers is 2, but the file holds the layers [0, 1, 2]");
        Files.writeString(folder.resolve("config.json"), json("gemma").put("num_hidden_layers", 4).toString());
        refused(folder, "num_hidden_layers is 4");
        Files.writeString(folder.resolve("config.json"), json("gemma").toString());
        Files.writeString(folder.resolve("adapter_config.json"), "{}");
        refused(folder, "an adapter (adapter_config.json)");
        Files.delete(folder.resolve("adapter_config.json"));
        Files.writeString(folder.resolve("model.safetensors.index.json"), "{}");
        refused(folder, "has its weights twice, as model.safetensors and model.safetensors.index.json");
    }

    private static void refused(Path folder, String message) {
        assertThatThrownBy(() -> LanguageModels.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining(folder.toString()).hasMessageContaining(message);
    }

    @Test
    void aModelWithoutItsHeadHasNoLogits() {
        try (var loaded = LanguageModels.read(Goldens.folder("llm/llama"), DTypePolicy.F32)) {
            assertThatThrownBy(() -> loaded.model().logits(loaded.model().forward(PROMPT))).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("head");
        }
    }

    @Test
    void logitsAreBentIntoTheFinalCap() {
        assertThat(logits(Goldens.folder("llm/gemma2")).abs().max().item()).isLessThanOrEqualTo(3);
        assertThat(logits(Goldens.folder("llm/gemma")).abs().max().item()).isGreaterThan(3);
    }

    @Test
    void whatDoesNotFitIsListed(@TempDir Path folder) throws IOException {
        var all = weights("qwen3");
        all.remove("layers.1.self_attn.k_norm.weight");
        all.put("layers.2.self_attn.q_proj.bias", Tensor.zeros(DType.F32, 64));
        SafeTensors.write(folder.resolve("model.safetensors"), all, Map.of());
        Files.writeString(folder.resolve("config.json"), json("qwen3").toString());
        assertThatThrownBy(() -> LanguageModels.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("layers.1.self_attn.k_norm.weight").hasMessageContaining("layers.2.self_attn.q_proj.bias");
    }

    /// torch.compile, DDP and FSDP put words between the pieces of a name; each name without them is the model's.
    @Test
    void wrappedNamesAreTheSame(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"), json("gemma").toString());
        var expected = logits(Goldens.folder("llm/gemma"), folder);
        for (var wrapping : new String[][] {{"_orig_mod.model.", "layers."}, {"module._orig_mod.", "layers."},
            {"model.", "layers.0._orig_mod."},
            {"", "layers.0._checkpoint_wrapped_module."}}) {
            var wrapped = new LinkedHashMap<String, Tensor>();
            weights("gemma").forEach((name, value) -> wrapped.put(wrapping[0] + name.replaceFirst(
                    wrapping[1].startsWith("layers.0") ? "layers\\.0\\." : "layers\\.", wrapping[1]), value));
            SafeTensors.write(folder.resolve("model.safetensors"), wrapped, Map.of());
            assertThat(logits(folder).sameValues(expected)).as(wrapping[0] + wrapping[1]).isTrue();
        }
        var twice = weights("gemma");
        twice.put("_orig_mod.norm.weight", twice.get("norm.weight"));
        SafeTensors.write(folder.resolve("model.safetensors"), twice, Map.of());
        assertThatThrownBy(() -> logits(folder)).isInstanceOf(UserError.class)
                .hasMessageContaining("holds 'norm.weight' twice, as '_orig_mod.norm.weight' and as 'norm.weight'");
    }

    /// The text side is what the configuration describes; what sees and hears stays in the file.
    @Test
    void aVisionTowerBesideATextConfigurationStaysInTheFile(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"), json("gemma").toString());
        var expected = logits(Goldens.folder("llm/gemma"), folder);
        var all = new LinkedHashMap<String, Tensor>();
        weights("gemma").forEach((name, value) -> all.put("language_model.model." + name, value));
        for (var name : new String[] {"vision_tower.vision_model.embeddings.weight", "multi_modal_projector.linear.weight",
            "model.visual.a",
            "audio_tower.conv.weight"}) {
            all.put(name, Tensor.zeros(DType.F32, 2));
        }
        SafeTensors.write(folder.resolve("model.safetensors"), all, Map.of());
        assertThat(logits(folder).sameValues(expected)).isTrue();
        all.put("language_model.model.another.weight", Tensor.zeros(DType.F32, 2));
        SafeTensors.write(folder.resolve("model.safetensors"), all, Map.of());
        assertThatThrownBy(() -> logits(folder)).isInstanceOf(UserError.class).hasMessageContaining("model.another.weight").message()
                .doesNotContain("vision");
    }

    @Test
    void aFolderSaysWhatItHolds(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        assertThatThrownBy(() -> LanguageModels.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessage(folder + " is not a language model's folder: it has no config.json; it holds a tokenizer (tokenizer.json)");
        Files.writeString(folder.resolve("config.json"), json("llama").toString());
        SafeTensors.write(folder.resolve("model.fp16.safetensors"), weights("llama"), Map.of());
        assertThatThrownBy(() -> LanguageModels.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("has no weights under a name that is read")
                .hasMessageContaining("weights under other names (model.fp16.safetensors)")
                .hasMessageContaining("a single file is renamed or linked to model.safetensors");
        Files.move(folder.resolve("model.fp16.safetensors"), folder.resolve("model.safetensors"));
        Files.writeString(folder.resolve("model.safetensors"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
        assertThatThrownBy(() -> LanguageModels.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("model.safetensors: is a Git LFS pointer");
        Files.delete(folder.resolve("model.safetensors"));
        SafeTensors.write(folder.resolve("model-00001-of-00002.safetensors"), weights("llama"), Map.of());
        assertThatThrownBy(() -> LanguageModels.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("(model-00001-of-00002.safetensors)");
    }

    @Test
    void aFolderOfSomethingElseIsRefused(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> LanguageModels.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("config.json");
        Files.writeString(folder.resolve("config.json"), json("gemma").put("model_type", "bert").toString());
        assertThatThrownBy(() -> LanguageModels.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("model.safetensors");
        SafeTensors.write(folder.resolve("model.safetensors"), Map.of("x", Tensor.zeros(DType.F32, 1)), Map.of());
        assertThatThrownBy(() -> LanguageModels.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("\"bert\"");
        Files.writeString(folder.resolve("config.json"), json("gemma").toString());
        assertThatThrownBy(() -> LanguageModels.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("embed_tokens");
    }

    @Test
    void defaultsAreTheLibrarys() throws IOException {
        var gemma3 = JSON.readTree("""
                {"model_type": "gemma3", "text_config": {"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34,
                 "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}}""");
        var config = LanguageConfigs.read(gemma3, "here");
        assertThat(config.heads()).isEqualTo(8);
        assertThat(config.kvHeads()).isEqualTo(4);
        assertThat(config.headDim()).isEqualTo(256);
        assertThat(config.tied()).isTrue();
        assertThat(config.family().windows().has(4)).isTrue();
        assertThat(config.family().windows().has(5)).isFalse();
        var gemma2 = LanguageConfigs.read(JSON.readTree("""
                {"model_type": "gemma2", "vocab_size": 9, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 2,
                 "num_attention_heads": 2, "sliding_window": 4}"""), "here");
        assertThat(gemma2.family().attentionSoftcap()).isEqualTo(50);
        assertThat(gemma2.family().finalSoftcap()).isEqualTo(30);
    }

    @Test
    void newerFilesKeepRopeInAnObjectOfItsOwn() throws IOException {
        var old = LanguageConfigs.read(json("gemma3_text_linear_rope"), "here");
        var json = json("gemma3_text_linear_rope");
        json.remove(java.util.List.of("rope_theta", "rope_local_base_freq", "rope_scaling"));
        var rope = json.putObject("rope_parameters");
        rope.putObject("full_attention").put("rope_type", "linear").put("factor", 8.0).put("rope_theta", 1_000_000.0);
        rope.putObject("sliding_attention").put("rope_type", "default").put("rope_theta", 10_000.0);
        assertThat(LanguageConfigs.read(json, "there")).isEqualTo(old);
    }
}
