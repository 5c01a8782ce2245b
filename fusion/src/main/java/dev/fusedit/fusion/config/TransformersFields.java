package dev.fusedit.fusion.config;

/// What transformers' base class writes of every model into `config.json`, and why none of it changes a number here.
public final class TransformersFields {
    private static final String REMEDY =
            "If it changes no number, take it out of the file; else the model is of a kind that is not built here";

    public static final KnownFields ALL = KnownFields.of(REMEDY)
            .passed("says who wrote the file", "transformers_version", "architectures", "model_type", "_name_or_path", "auto_map",
                    "custom_pipelines", "unsloth_version", "unsloth_fixed", "name_or_path", "license", "language", "tags")
            .passed("tensors say themselves what they are stored in; what is computed in is the recipe's", "torch_dtype", "dtype")
            .passed("for writing text, which is not done here", "bos_token_id", "eos_token_id", "sep_token_id", "decoder_start_token_id",
                    "forced_bos_token_id", "forced_eos_token_id", "suppress_tokens", "begin_suppress_tokens", "bad_words_ids", "max_length",
                    "min_length", "do_sample", "early_stopping", "num_beams", "num_beam_groups", "num_return_sequences",
                    "diversity_penalty",
                    "temperature", "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size",
                    "encoder_no_repeat_ngram_size", "exponential_decay_length_penalty", "remove_invalid_values", "return_dict_in_generate",
                    "output_scores", "task_specific_params", "use_cache", "cache_implementation", "boi_token_id", "eoi_token_id")
            .passed("what Python's classes return, or how they are split", "return_dict", "output_attentions", "output_hidden_states",
                    "torchscript", "tf_legacy_loss", "use_bfloat16", "chunk_size_feed_forward", "tokenizer_class", "prefix",
                    "finetuning_task", "problem_type", "id2label", "label2id", "num_labels", "base_model_tp_plan", "base_model_pp_plan")
            .passed("dropout serves training alone; nothing here drops out", "attention_dropout", "hidden_dropout", "dropout",
                    "hidden_dropout_prob", "attention_probs_dropout_prob", "embd_pdrop", "resid_pdrop", "attn_pdrop")
            .passed("new weights alone, and no weight is new", "initializer_factor")
            .passed("asked of classes alone that read in one direction or both; these read in one", "is_decoder")
            .only("is_causal", "true", "text is read in one direction")
            .off("the model has no other part", "is_encoder_decoder", "add_cross_attention", "tie_encoder_decoder",
                    "cross_attention_hidden_size")
            .off("every head of the file is read", "pruned_heads");

    private TransformersFields() {}
}
