package dev.fusedit.fusion.llm;

import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.fusion.config.TransformersFields;
import java.util.Map;

/// What a language model's `config.json` may say that [LanguageConfigs] does not read, and why none of it changes a number.
final class LanguageFields {
    private static final String TIED = "tie_word_embeddings";
    private static final KnownFields LANGUAGE = TransformersFields.ALL
            .passed("read, but of no consequence here", "attn_implementation", "_attn_implementation", "initializer_range", "pad_token_id")
            .passed("a limit that rotary positions do not have", "max_position_embeddings", "model_max_length", "seq_length")
            .only("pretraining_tp", "1", "tensors are multiplied whole")
            .only("partial_rotary_factor", "1", "rotary positions turn the whole head")
            .off("text is read in one direction", "use_bidirectional_attention").off("heads are turned half by half", "rope_interleaved")
            .passed("of images, which are not read", "num_image_tokens");

    private static final KnownFields GEMMA = LANGUAGE.passed("Gemma's classes read hidden_activation alone", "hidden_act");

    private static final Map<String, KnownFields> KINDS = Map.of("gemma", GEMMA, "gemma2", GEMMA, "gemma3_text",
            GEMMA.passed("Gemma 3 caps the logits alone", "attn_logit_softcapping"), "llama", LANGUAGE, "qwen3", LANGUAGE);

    /// Of a model that also sees, of which the text side alone is read. Only what is said of the text matters.
    private static final KnownFields SEEING = TransformersFields.ALL
            .passed("of the side that sees, which is not read", "vision_config", "image_token_index", "image_token_id", "projection_dim",
                    "mm_tokens_per_image", "boi_token_index", "eoi_token_index", "ignore_index", "num_image_tokens")
            .passed("text_config says it", "hidden_size", "vocab_size", "initializer_range", "pad_token_id")
            .passed("a model is tied as text_config says, or else as its family is", TIED);

    private static final Map<String, String> CLASSES =
            Map.of("gemma", "Gemma", "gemma2", "Gemma2", "gemma3", "Gemma3", "gemma3_text", "Gemma3",
                    "paligemma", "PaliGemma", "llama", "Llama", "qwen3", "Qwen3");

    private LanguageFields() {}

    static KnownFields of(String kind) {
        var known = KINDS.get(kind);
        return known == null ? LANGUAGE : known;
    }

    /// The fields around `text_config`.
    static void requireWithin(ConfigReader fields) {
        fields.requireKnown(SEEING);
        var text = fields.in("text_config");
        text.requirePlain();
        if (fields.has(TIED) && text.has(TIED)) {
            fields.require(fields.flag(TIED) == text.flag(TIED), TIED, "must agree with text_config");
        }
    }

    /// The class that wrote a file, if it says, must be one of its kind; and its weights must be numbers, not codes for numbers.
    static void requireClass(ConfigReader fields, String kind) {
        fields.requirePlain();
        for (var name : fields.raw("architectures")) {
            fields.require(name.asText().matches(CLASSES.getOrDefault(kind, "") + "(?![0-9a-z]).*"), "architectures",
                    "must be of the model_type %s".formatted(kind));
        }
    }
}
