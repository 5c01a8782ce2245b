package dev.fusedit.fusion.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every field of a `config.json` is used, or known not to matter, or refused by name.
class LanguageConfigsTest {
    private static final String BASE = """
        {"model_type": "%s", "vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 16}""";

    private static ObjectNode json(String kind, String more) {
        try {
            var json = (ObjectNode) new ObjectMapper().readTree(BASE.formatted(kind));
            json.setAll((ObjectNode) new ObjectMapper().readTree("{" + more + "}"));
            return json;
        } catch (JsonProcessingException e) {
            throw new AssertionError(more, e);
        }
    }

    private static LanguageModelConfig read(String kind, String more) { return LanguageConfigs.read(json(kind, more), "config.json"); }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', value = {
        "qwen3 | \"num_attention_heads\": 0 | num_attention_heads must be at least 1",
        "gemma3_text | \"sliding_window_pattern\": 0 | sliding_window_pattern must be at least 1",
        "qwen3 | \"layer_types\": [\"linear_attention\", \"linear_attention\", \"linear_attention\"] | layer_types must be one of lists of full_attention, sliding_attention",
        "gemma3_text | \"layer_types\": [\"chunked_attention\", \"sliding_attention\", \"full_attention\"] | layer_types must be",
        "llama | \"layer_types\": [\"sliding_attention\", \"full_attention\", \"full_attention\"] | layer_types must name full_attention only",
        "qwen3 | \"use_sliding_window\": false, \"layer_types\": [\"sliding_attention\", \"full_attention\", \"full_attention\"] | layer_types must name",
        "llama | \"attention_chunk_size\": 2 | the field attention_chunk_size (2) is not known here",
        "qwen3 | \"rope_theta\": 1e6, \"rope_parameters\": {\"rope_theta\": 10000.0} | rope_theta must agree with rope_parameters, which says 10000.0, got 1000000.0",
        "llama | \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2}, \"rope_parameters\": {\"rope_type\": \"linear\", \"factor\": 4} | rope_scaling must agree",
        "llama | \"rope_scaling\": {\"rope_type\": \"linear\", \"type\": \"llama3\"} | type must agree with rope_type",
        "llama | \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 2} | rope_type must be one of default, linear, llama3, got \"yarn\"",
        "llama | \"rope_scaling\": {\"factor\": 2} | type is missing",
        "llama | \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2, \"mscale\": 1.5} | the field mscale (1.5) is not known here",
        "llama | \"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4} | quantization_config: the weights are quantised (gptq)",
        "llama | \"architectures\": [\"MistralForCausalLM\"] | architectures must be of the model_type llama, got [\"MistralForCausalLM\"]",
        "gemma | \"architectures\": [\"Gemma2ForCausalLM\"] | architectures must be of the model_type gemma",
        "llama | \"embedding_multiplier\": 12.0 | the field embedding_multiplier (12.0) is not known here",
        "llama | \"sliding_window\": 4096 | the field sliding_window (4096) is not known here",
        "llama | \"is_causal\": false | is_causal must be true",
        "llama | \"partial_rotary_factor\": 0.5 | partial_rotary_factor must be 1",
        "gemma3_text | \"use_bidirectional_attention\": true | use_bidirectional_attention must be false",
        "llama | \"query_pre_attn_scalar\": 24 | the field query_pre_attn_scalar (24) is not known here",
        "qwen3 | \"hidden_activation\": \"gelu\" | the field hidden_activation"})
    void whatMayChangeNumbersIsRefusedByName(String kind, String more, String message) {
        assertThatThrownBy(() -> read(kind, more)).isInstanceOf(UserError.class).hasMessageContaining("config.json")
                .hasMessageContaining(message);
    }

    @Test
    void thetaBesideAnObjectThatHasNoneIsTaken() {
        assertThat(read("qwen3", "\"rope_theta\": 1000000.0, \"rope_parameters\": {\"rope_type\": \"default\"}").ropeTheta())
                .isEqualTo(1e6);
        assertThat(read("qwen3", "\"rope_theta\": 500000.0, \"rope_parameters\": {\"rope_theta\": 500000.0}").ropeTheta()).isEqualTo(5e5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"torch_dtype\": \"bfloat16\"", "\"dtype\": \"bfloat16\"", "\"max_position_embeddings\": 131072",
        "\"attention_dropout\": 0.1", "\"use_cache\": true", "\"eos_token_id\": [1, 2]", "\"architectures\": [\"LlamaForCausalLM\"]",
        "\"_name_or_path\": \"x\"", "\"pretraining_tp\": 1", "\"sliding_window\": null", "\"some_new_feature\": false",
        "\"rope_scaling\": null", "\"layer_types\": [\"full_attention\", \"full_attention\", \"full_attention\"]"})
    void whatDoesNotMatterIsPassed(String more) { assertThat(read("llama", more)).isEqualTo(read("llama", "")); }

    /// What is left out means windows in most layers of Gemma 2 and 3.
    @ParameterizedTest
    @ValueSource(strings = {"gemma", "gemma2", "gemma3_text", "llama", "qwen3"})
    void aModelWithoutWindowsIsWrittenAsOne(String kind) {
        var config = read(kind, "\"layer_types\": [\"full_attention\", \"full_attention\", \"full_attention\"]");
        assertThat(config.family().windows().layers()).isEmpty();
        assertThat(LanguageConfigs.read(LanguageConfigs.json(config), "config.json")).isEqualTo(config);
    }

    @Test
    void aTextWithinAnotherModelIsReadAsStrictly() {
        var whole = new ObjectMapper().createObjectNode().put("model_type", "gemma3");
        whole.putObject("vision_config");
        whole.set("text_config", json("gemma3_text", "\"altup_num_inputs\": 4"));
        assertThatThrownBy(() -> LanguageConfigs.read(whole, "config.json")).isInstanceOf(UserError.class)
                .hasMessageContaining("text_config: the field altup_num_inputs");
        whole.set("text_config", json("gemma3_text", "\"tie_word_embeddings\": false"));
        assertThatThrownBy(() -> LanguageConfigs.read(whole.deepCopy().put("tie_word_embeddings", true), "config.json"))
                .isInstanceOf(UserError.class).hasMessageContaining("tie_word_embeddings must agree with text_config");
        assertThat(LanguageConfigs.read(whole, "config.json").tied()).isFalse();
    }
}
