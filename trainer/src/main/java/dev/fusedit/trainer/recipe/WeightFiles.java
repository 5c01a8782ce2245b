package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import org.jspecify.annotations.Nullable;

/// Files that weights begin with; what has none is drawn from the seed (a VAE and a CLIP model must have one).
///
/// @param model a run, a checkpoint, a pipeline's folder or the reference's `ema.pt.zst`: the whole fused model
/// @param llm a Hugging Face folder or a GGUF file: the language model
/// @param vae a Hugging Face folder
/// @param clip a Hugging Face folder
/// @param tokenizer a `tokenizer.json` or its folder; that of `llm` if left out
public record WeightFiles(@Nullable String model, @Nullable String llm, @Nullable String vae, @Nullable String clip,
        @Nullable String tokenizer) {
    public WeightFiles {
        checkArgument(model == null || llm == null, "model must not come with llm: it holds a language model already");
    }
}
