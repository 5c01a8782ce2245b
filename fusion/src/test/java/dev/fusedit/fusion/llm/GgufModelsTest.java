package dev.fusedit.fusion.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.Goldens;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The files are the golden models of `goldens/llm` by `src/test/python/gguf_language_goldens.py`.
@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class GgufModelsTest {
    private static final Prompt PROMPT = Prompt.of(new long[] {2, 7, 9, 11, 30, 31, 8, 40, 50, 60}, new long[] {2, 5});

    private static Path file(String name) { return Goldens.folder("llm_gguf/" + name + ".gguf"); }

    /// What is in no GGUF file is as llama.cpp has it.
    private static LanguageModelConfig config(String name) throws IOException {
        var json = (ObjectNode) new ObjectMapper().readTree(Goldens.folder("llm/" + name).resolve("config.json").toFile());
        json.put("tie_word_embeddings", true);
        if (json.has("query_pre_attn_scalar")) {
            json.put("query_pre_attn_scalar", json.path("head_dim").intValue());
        }
        return LanguageConfigs.read(json, name);
    }

    private static Tensor logits(LanguageModels.Loaded loaded) {
        try (loaded) {
            return loaded.model().logits(loaded.model().forward(PROMPT)).copy();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gemma", "gemma2", "gemma3_text", "gemma3_text_linear_rope", "llama", "llama3_rope", "qwen3"})
    void aModelInOneFileIsTheOneOfTheFolder(String name) throws IOException {
        var config = config(name);
        var weights = Goldens.folder("llm/" + name).resolve("weights.safetensors");
        try (var stored = LanguageModels.open(file(name))) {
            assertThat(stored.config().withSoftcap(config.softcap())).isEqualTo(config);
        }
        var ours = logits(LanguageModels.read(file(name), DTypePolicy.F32));
        assertThat(ours.allClose(logits(LanguageModels.read(weights, config, false, DTypePolicy.F32)), 1e-5, 1e-5)).isTrue();
    }

    /// The golden file with a number of its metadata changed, or a key's name.
    private static Path changed(Path folder, String key, String name, int value) throws IOException {
        var bytes = Files.readAllBytes(file("llama"));
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(key);
        assertThat(at).isPositive();
        System.arraycopy(name.getBytes(StandardCharsets.ISO_8859_1), 0, bytes, at, key.length());
        if (value >= 0) {
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at + key.length() + 4, value); // behind the value's type
        }
        return Files.write(folder.resolve("changed.gguf"), bytes);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "llama.attention.value_length | llama.attention.value_length | 16 | llama.attention.value_length must be 8 (the width of a head), got 16",
        "llama.attention.value_length | llama.rope.dimension_count__ | -1 | the field rope.dimension_count__ (8) is not known here",
        "llama.rope.freq_base | llama.expert_weights | -1 | the field expert_weights"})
    void metadataThatMayChangeNumbersIsRefused(String key, String name, int value, String message, @TempDir Path folder)
            throws IOException {
        var file = changed(folder, key, name, value);
        assertThatThrownBy(() -> LanguageModels.open(file)).isInstanceOf(UserError.class).hasMessageContaining(file.toString())
                .hasMessageContaining(message);
    }

    @Test
    void oneFileThatDoesNotSayItsSizesIsRefused() {
        assertThatThrownBy(() -> LanguageModels.read(Goldens.folder("llm/gemma").resolve("weights.safetensors"), DTypePolicy.F32))
                .isInstanceOf(UserError.class).hasMessageContaining("must be GGUF").hasMessageContaining("config.json");
    }
}
