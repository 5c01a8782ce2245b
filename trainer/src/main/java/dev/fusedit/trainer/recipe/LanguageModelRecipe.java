package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.config.Usual;
import dev.fusedit.fusion.llm.KnownLanguageModels;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.trainer.recipe.binding.Names;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// The language model of a recipe: described, or named.
public sealed interface LanguageModelRecipe {
    /// Longest text, in tokens; longer captions are cut.
    int maxTokens();

    /// Its layers, as far as the recipe says.
    default OptionalInt knownLayers() {
        return switch (this) {
            case Custom custom -> OptionalInt.of(custom.layers);
            case Pretrained named -> named.layers != null ? OptionalInt.of(named.layers)
                    : named.sizes().map(sizes -> OptionalInt.of(sizes.layers())).orElse(OptionalInt.empty());
        };
    }

    /// Width of its hidden states, as far as the recipe says.
    default OptionalInt knownWidth() {
        return switch (this) {
            case Custom custom -> OptionalInt.of(custom.width);
            case Pretrained named -> named.sizes().map(sizes -> OptionalInt.of(sizes.hidden())).orElse(OptionalInt.empty());
        };
    }

    @Doc("One of any size. Its vocabulary is that of its tokenizer. 'heads' and 'headWidth' hold for the image's side of the "
            + "fused attention too.")
    @Usual
    record Custom(
            @Default("gemma") Family family,
            int width,
            int layers,
            int heads,
            int kvHeads,
            int headWidth,
            int mlpWidth,
            @Default("words") Tokenizer tokenizer,
            @Default("32") int maxTokens,
            @Doc("deviation of new weights. Gemma's 0.02 fits its width of 2048; about 1/√width keeps keys and values of a narrow model as "
                    + "large as the image's, whose projections are Xavier's") @Default("0.02") double initRange)
            implements LanguageModelRecipe {
        public Custom {
            Bound.WIDTH.check("width", width);
            Bound.LAYERS.check("layers", layers);
            Bound.HEADS.check("heads", heads);
            Bound.HEADS.check("kv_heads", kvHeads);
            Bound.WIDTH.check("mlp_width", mlpWidth);
            Bound.TOKENS.check("max_tokens", maxTokens);
            Bound.DEVIATION.check("init_range", initRange);
            checkArgument(heads % kvHeads == 0, "kv_heads must divide heads (%s), but is %s", heads, kvHeads);
            checkArgument(headWidth > 0 && headWidth % 2 == 0, "head_width must be even and at least 2, but is %s", headWidth);
            Bound.WIDTH.check("head_width", headWidth);
            Bound.WIDTH.check("head_width times heads", Math.multiplyFull(headWidth, heads));
        }
    }

    @Doc("A published one. To train it needs 'weights.llm' and 'weights.tokenizer'.")
    record Pretrained(
            @Doc("its public name, 'google/gemma-2b', for one whose sizes are known by that: no file is needed to plan with it. If left out, "
                    + "all sizes are those of the files of 'weights.llm': any model of the families gemma, gemma2, gemma3, llama, qwen3")
            @Nullable String name,
            @Doc("how many of its layers are taken, the first ones; as many as the image side needs if left out: model.read_layers") @Nullable Integer layers,
            @Default("256") int maxTokens,
            @Doc("put before each caption") @Default("''") String instruction,
            @Doc("whether the prompt is put as a user's turn of a chat") @Default("false") boolean chatTemplate)
            implements LanguageModelRecipe {
        public Pretrained {
            Bound.TOKENS.check("max_tokens", maxTokens);
            var sizes = name == null ? Optional.<LanguageModelConfig>empty() : KnownLanguageModels.find(name);
            checkArgument(name == null || sizes.isPresent(),
                    "name must be that of a language model that is known here, but is '%s'.%s Leave it out for any other: then its files say its sizes",
                    name, name == null ? "" : Names.suggestion(name, KnownLanguageModels.names()));
            if (sizes.isPresent()) {
                checkArgument(layers == null || layers > 0 && layers <= sizes.get().layers(),
                        "layers must be from 1 to the %s that %s has, but is %s", sizes.get().layers(), name, layers);
            } else {
                Bound.LAYERS.check("layers", layers);
            }
        }

        /// As its name tells them; none for one whose files do.
        public Optional<LanguageModelConfig> sizes() { return name == null ? Optional.empty() : KnownLanguageModels.find(name); }

        /// For messages.
        public String called() { return name == null ? "a model without a name" : name; }
    }

    enum Family { GEMMA, GEMMA2, GEMMA3, LLAMA, QWEN3 }

    enum Tokenizer {
        /// The words of the built-in data.
        WORDS,
        /// A text's bytes in UTF-8: for any text.
        BYTES
    }
}
