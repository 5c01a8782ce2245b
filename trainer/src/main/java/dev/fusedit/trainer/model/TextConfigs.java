package dev.fusedit.trainer.model;

import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.llm.KnownLanguageModels;
import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.RopeScaling;
import dev.fusedit.fusion.llm.Windows;
import dev.fusedit.nn.Activation;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Model;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.Optional;

/// From a recipe's language model to its sizes. What a recipe does not say of a model of its own (rotary base, norms' ε, activation …) is
/// as its file says, or as the family's published models have it where there is no file; a run's checkpoints keep what the file said.
public final class TextConfigs {
    private TextConfigs() {}

    /// @param vocabulary of the tokenizer; a published model keeps its own, which may have more rows than its tokenizer has words
    static LanguageModelConfig of(Model model, int vocabulary) {
        return switch (model.llm()) {
            case LanguageModelRecipe.Custom custom -> custom(custom, vocabulary);
            case LanguageModelRecipe.Pretrained named -> {
                var whole = KnownLanguageModels.find(named.name()).orElseThrow();
                yield whole.withLayers(layers(named, model, whole.layers()));
            }
        };
    }

    /// A published model as it is, of which a recipe may take fewer layers; none for one of the recipe's own.
    public static Optional<LanguageModelConfig> published(Model model) {
        return switch (model.llm()) {
            case LanguageModelRecipe.Custom _ -> Optional.empty();
            case LanguageModelRecipe.Pretrained named -> KnownLanguageModels.find(named.name());
        };
    }

    /// As a run's first step finds it.
    ///
    /// @param file what the files that it begins with say of their language model
    static LanguageModelConfig of(Model model, int vocabulary, Optional<LanguageModelConfig> file) {
        var own = of(model, vocabulary);
        return file.map(said -> completed(model.llm(), own, said)).orElse(own);
    }

    /// As a checkpoint has it.
    static LanguageModelConfig of(Recipe recipe, int vocabulary, Checkpoint checkpoint) {
        return of(recipe.model(), vocabulary, stored(checkpoint));
    }

    private static Optional<LanguageModelConfig> stored(Checkpoint checkpoint) {
        if (!checkpoint.has(CheckpointFiles.LLM)) {
            return Optional.empty();
        }
        var file = checkpoint.file(CheckpointFiles.LLM);
        return Optional.of(LanguageConfigs.read(JsonFile.object(file, "Take an earlier checkpoint"), file.toString()));
    }

    /// For a checkpoint; empty where the recipe says it all.
    public static Optional<String> json(Model model, LanguageModelConfig built) {
        return built.equals(of(model, built.vocabulary())) ? Optional.empty()
                : Optional.of(LanguageConfigs.json(built).toPrettyString() + "\n");
    }

    /// What the recipe leaves open, as the file has it. A model of another family has nothing to say.
    private static LanguageModelConfig completed(LanguageModelRecipe recipe, LanguageModelConfig own, LanguageModelConfig file) {
        return switch (recipe) {
            case LanguageModelRecipe.Pretrained _ -> own;
            case LanguageModelRecipe.Custom _ -> own.family().getClass() != file.family().getClass() ? own
                    : new LanguageModelConfig(file.family().first(own.layers()), own.vocabulary(), own.hidden(), own.intermediate(),
                            own.layers(), own.heads(), own.kvHeads(), own.headDim(), file.ropeTheta(), file.ropeScaling(), file.normEps(),
                            own.initRange(), file.attentionBias(), file.activation(), own.tied(), own.padId(), own.softcap());
        };
    }

    /// As many as the image side reads: all of them where it reads a hidden state.
    private static int layers(LanguageModelRecipe.Pretrained named, Model model, int all) {
        if (named.layers() != null) {
            return named.layers();
        }
        if (!model.fusion().isDeep()) {
            return all;
        }
        var last = model.sharedLayers() == null ? Integer.MAX_VALUE
                : model.sharedLayers().stream().mapToInt(Integer::intValue).max().orElseThrow() + 1;
        return Math.min(all, Math.min(last, model.initialLayers() + model.dit().layers()));
    }

    /// What is no size is as the family's published models have it. The embedding table makes the logits, whatever the family's habit:
    /// a fused model has no head.
    private static LanguageModelConfig custom(LanguageModelRecipe.Custom custom, int vocabulary) {
        return switch (custom.family()) {
            case GEMMA -> custom(custom, vocabulary, new Family.Gemma(), 10_000);
            case GEMMA2 -> custom(custom, vocabulary, Family.Gemma2.usual(custom.headWidth(), custom.layers()), 10_000);
            case GEMMA3 -> custom(custom, vocabulary, Family.Gemma3.usual(custom.headWidth(), custom.layers()), 1_000_000);
            case LLAMA -> custom(custom, vocabulary, new Family.Llama(false), 500_000);
            case QWEN3 -> custom(custom, vocabulary, new Family.Qwen3(Windows.NONE), 1_000_000);
        };
    }

    private static LanguageModelConfig custom(LanguageModelRecipe.Custom custom, int vocabulary, Family family, double ropeTheta) {
        return new LanguageModelConfig(family, vocabulary, custom.width(), custom.mlpWidth(), custom.layers(), custom.heads(),
                custom.kvHeads(), custom.headWidth(), ropeTheta, RopeScaling.NONE, 1e-6, custom.initRange(), false,
                family.isGemma() ? Activation.GELU_TANH : Activation.SILU, true, 0, false);
    }
}
