package dev.fusedit.trainer.model;

import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.llm.KnownLanguageModels;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.RopeScaling;
import dev.fusedit.fusion.llm.Windows;
import dev.fusedit.nn.Activation;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Model;

/// From a recipe's language model to its sizes.
final class TextConfigs {
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
