package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import java.util.List;
import org.jspecify.annotations.Nullable;

@Doc("Files that weights begin with; what has none is drawn from the seed (a VAE and a CLIP model must have one).")
public record WeightFiles(
        @Doc("a run, a checkpoint, a pipeline's folder or the reference's 'ema.pt.zst': the whole fused model") @Nullable String model,
        @Doc("a Hugging Face folder or a GGUF file: the language model. 'random' says that a named one is meant to begin untrained")
        @Nullable String llm,
        @Doc("a Hugging Face folder") @Nullable String vae,
        @Doc("a Hugging Face folder") @Nullable String clip,
        @Doc("a 'tokenizer.json' or its folder; that of 'llm' if left out") @Nullable String tokenizer,
        @Doc("adapters that model.adapters begin with: a folder in PEFT's form, of the language model, or one with such folders 'llm' and 'dit'")
        @Nullable String adapters,
        @Doc("differences between what files say of their model and what this recipe builds that are meant, and then only said")
        @Default("[]") List<Accept> accept) {
    /// In place of a file: new weights are meant.
    private static final String RANDOM = "random";

    /// Kinds of differences that may be meant.
    public enum Accept {
        /// What the network's output means: another one is learned anew.
        PREDICTION,
        /// How the image's patches know their places.
        POSITIONS,
        /// Rotary base and scaling of the text's positions.
        ROPE,
        /// Which ids a text becomes.
        TOKENIZER,
        /// What is put around a caption.
        INSTRUCTION,
        /// A language model's head of its own, which a fused model does without.
        HEAD,
        /// The autoencoder is another one than that of `model.vae`.
        VAE,
        /// The CLIP model is another one than that of `model.clip`.
        CLIP
    }

    public WeightFiles {
        accept = ImmutableList.copyOf(accept);
        PathText.check("model", model);
        PathText.check("llm", llm);
        PathText.check("vae", vae);
        PathText.check("clip", clip);
        PathText.check("tokenizer", tokenizer);
        PathText.check("adapters", adapters);
        checkArgument(model == null || llm == null, "model must not come with llm: it holds a language model already");
    }

    /// Where the language model's weights are; null where they are new ones.
    public @Nullable String llmFile() { return RANDOM.equals(llm) ? null : llm; }

    /// Whether a recipe says what its language model's weights begin with, if only that they are new ones.
    public boolean saysLlm() { return llm != null || model != null; }
}
