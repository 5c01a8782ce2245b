package dev.fusedit.trainer.recipe;

import static dev.fusedit.trainer.recipe.binding.Rules.checkArgument;

import dev.fusedit.fusion.config.Doc;
import org.jspecify.annotations.Nullable;

@Doc("Files that weights begin with; what has none is drawn from the seed (a VAE and a CLIP model must have one).")
public record WeightFiles(
        @Doc("a run, a checkpoint, a pipeline's folder or the reference's 'ema.pt.zst': the whole fused model") @Nullable String model,
        @Doc("a Hugging Face folder or a GGUF file: the language model") @Nullable String llm,
        @Doc("a Hugging Face folder") @Nullable String vae,
        @Doc("a Hugging Face folder") @Nullable String clip,
        @Doc("a 'tokenizer.json' or its folder; that of 'llm' if left out") @Nullable String tokenizer) {
    public WeightFiles {
        checkArgument(model == null || llm == null, "model must not come with llm: it holds a language model already");
    }
}
