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
        @Doc("in what the matrices of a language model are held in memory that no stage trains, where run.precision is wider: 'auto' is what its "
                + "file has, if that is bf16 or f16; 'bf16' rounds others to it and halves their memory; 'run' is as run.precision says. They are "
                + "multiplied as run.precision says, each widened in its product")
        @Default("auto") LlmDtype llmDtype,
        @Doc("a Hugging Face folder") @Nullable String vae,
        @Doc("a Hugging Face folder") @Nullable String clip,
        @Doc("a 'tokenizer.json' or its folder; that of 'llm' if left out") @Nullable String tokenizer,
        @Doc("adapters that model.adapters begin with: a folder in PEFT's form, of the language model, or one with such folders 'llm' and 'dit'")
        @Nullable String adapters,
        @Doc("differences between what files say of their model and what this recipe builds that are meant, and then only said")
        @Default("[]") List<Accept> accept) {
    /// In place of a file: new weights are meant.
    private static final String RANDOM = "random";

    /// In what frozen matrices of a language model are held.
    public enum LlmDtype {
        /// As the file has them where that is smaller: every number as it is there, in half of the memory.
        AUTO,
        /// Rounded.
        BF16,
        /// What they are multiplied in.
        RUN
    }

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

    /// Refuses what means nothing beside the rest of a recipe.
    void check(Model parts, Run.Precision precision) {
        switch (parts.llm()) {
            case LanguageModelRecipe.Custom _ -> checkArgument(tokenizer == null,
                    "weights.tokenizer must be left out: model.llm has one of its own (model.llm.tokenizer), unless its kind is pretrained");
            case LanguageModelRecipe.Pretrained named -> checkArgument(named.name() != null || llmFile() != null || model != null,
                    "weights.llm must be given: model.llm has no name, so its sizes are those of its files");
        }
        checkArgument(vae == null || parts.vae() != null, "weights.vae must be left out: model.vae is not given, so images are pixels");
        checkArgument(clip == null || parts.clip() != null, "weights.clip must be left out: model.clip is not given");
        checkArgument(llmDtype != LlmDtype.BF16 || precision != Run.Precision.F16,
                "weights.llm_dtype must not be bf16: with run.precision f16 all frozen matrices are held in f16");
    }

    /// Where the language model's weights are; null where they are new ones.
    public @Nullable String llmFile() { return RANDOM.equals(llm) ? null : llm; }

    /// Whether a recipe says what its language model's weights begin with, if only that they are new ones.
    public boolean saysLlm() { return llm != null || model != null; }
}
