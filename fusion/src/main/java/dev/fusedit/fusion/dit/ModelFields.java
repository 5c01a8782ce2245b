package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.fusion.config.TransformersFields;

/// What the `config.json` of an image model may say that [ModelConfigJson] does not read, and why none of it changes a number.
final class ModelFields {
    private static final KnownFields ALL = TransformersFields.ALL
            .passed("says who wrote the file", "_class_name", "_diffusers_version")
            .passed("the size that Python samples unless told otherwise; the positions know none", "sample_size", "pos_embed_max_size")
            .passed("new weights alone, and no weight is new", "initializer_range")
            .passed("base_config says it", "pad_token_id", "vocab_size", "hidden_size", "tie_word_embeddings");

    static final KnownFields FUSED = ALL.passed("the baselines' alone: a fused model reads every layer", "text_hidden_states_index")
            .passed("the width of the language model, which says it itself", "text_hidden_size");
    static final KnownFields BASELINE = ALL.passed("the fused models' alone: a baseline reads one hidden state", "initial_layers",
            "shared_attention_layers", "fused_attention");
    static final KnownFields DUAL_STREAM = BASELINE.passed("dual-stream blocks have one kind of attention", "attention")
            .passed("the width of the language model, which says it itself", "text_hidden_size");

    static final KnownFields DETAIL_HEAD = KnownFields.of("Take it out if it changes no number");

    private ModelFields() {}
}
