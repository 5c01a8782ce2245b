package dev.fusedit.trainer.model;

import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.RopeScaling;
import dev.fusedit.fusion.llm.Windows;
import dev.fusedit.nn.Activation;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Model;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// From a recipe's language model to its sizes. A published model has those of its name, or of its files. What a recipe does not say of a model
/// of its own (rotary base, norms' ε, activation …) is as its file says, or as the family's published models have it where there is no file;
/// a run's checkpoints keep what the file said.
public final class TextConfigs {
    private TextConfigs() {}

    /// As a recipe has it before a run: sizes alone are read of its files, and those only where it leaves them to them.
    ///
    /// @param vocabulary of the tokenizer; a published model keeps its own, which may have more rows than its tokenizer has words
    /// @throws UserError if the sizes are those of a file that is not there
    static LanguageModelConfig of(Recipe recipe, int vocabulary) {
        return switch (recipe.model().llm()) {
            case LanguageModelRecipe.Custom custom -> custom(custom, vocabulary);
            case LanguageModelRecipe.Pretrained named -> taken(named, recipe.model(), whole(recipe)
                    .orElseThrow(() -> new UserError(("weights.llm: %s is not there. model.llm has no name, so its sizes are read from it")
                            .formatted(recipe.weights().llmFile()))));
        };
    }

    /// The language model that a recipe takes some layers of: that of its name, or of its files. None for a model of the recipe's own without
    /// files.
    public static Optional<LanguageModelConfig> whole(Recipe recipe) {
        return switch (recipe.model().llm()) {
            case LanguageModelRecipe.Custom _ -> LanguageFile.of(recipe).map(LanguageFile::config);
            case LanguageModelRecipe.Pretrained named -> named.sizes().or(() -> LanguageFile.of(recipe).map(LanguageFile::config)
                    .or(() -> recipe.weights().model() == null ? Optional.empty() : StartingFiles.of(recipe).text()));
        };
    }

    /// As a run's first step finds it.
    ///
    /// @param file what the files that it begins with say of their language model
    static LanguageModelConfig of(Model model, int vocabulary, Optional<LanguageModelConfig> file) {
        return switch (model.llm()) {
            case LanguageModelRecipe.Custom custom -> {
                var own = custom(custom, vocabulary);
                yield file.map(said -> completed(own, said)).orElse(own);
            }
            case LanguageModelRecipe.Pretrained named -> taken(named, model, named.sizes().or(() -> file).orElseThrow(() -> new UserError(
                    "model.llm has no name, and the files that the run begins with do not say its sizes. Give weights.llm")));
        };
    }

    /// As a checkpoint has it.
    ///
    /// @param folder of the checkpoint
    static LanguageModelConfig of(Recipe recipe, int vocabulary, Path folder) {
        var stored = stored(folder);
        return stored.isEmpty() ? of(recipe, vocabulary) : of(recipe.model(), vocabulary, stored);
    }

    private static Optional<LanguageModelConfig> stored(Path folder) {
        var file = folder.resolve(CheckpointFiles.LLM);
        return Files.isRegularFile(file)
                ? Optional.of(LanguageConfigs.read(JsonFile.object(file, "Take an earlier checkpoint"), file.toString()))
                : Optional.empty();
    }

    /// For a checkpoint; empty where the recipe says it all.
    public static Optional<String> json(Model model, LanguageModelConfig built) {
        return said(model, built.vocabulary()).filter(built::equals).isPresent() ? Optional.empty()
                : Optional.of(LanguageConfigs.json(built).toPrettyString() + "\n");
    }

    /// As far as the recipe itself says; none where its files say the sizes.
    static Optional<LanguageModelConfig> said(Model model, int vocabulary) {
        return switch (model.llm()) {
            case LanguageModelRecipe.Custom custom -> Optional.of(custom(custom, vocabulary));
            case LanguageModelRecipe.Pretrained named -> named.sizes().map(sizes -> taken(named, model, sizes));
        };
    }

    /// What the recipe leaves open, as the file has it. A model of another family has nothing to say.
    private static LanguageModelConfig completed(LanguageModelConfig own, LanguageModelConfig file) {
        return own.family().getClass() != file.family().getClass() ? own
                : new LanguageModelConfig(file.family().first(own.layers()), own.vocabulary(), own.hidden(), own.intermediate(),
                        own.layers(), own.heads(), own.kvHeads(), own.headDim(), file.ropeTheta(), file.ropeScaling(), file.normEps(),
                        own.initRange(), file.attentionBias(), file.activation(), own.tied(), own.padId(), own.softcap());
    }

    /// The first layers, as many as the recipe says, or as the image side needs: all of them where it reads a hidden state. A fused model has no
    /// head of its own, and new weights know no padding.
    private static LanguageModelConfig taken(LanguageModelRecipe.Pretrained named, Model model, LanguageModelConfig whole) {
        var plain = new LanguageModelConfig(whole.family(), whole.vocabulary(), whole.hidden(), whole.intermediate(), whole.layers(),
                whole.heads(), whole.kvHeads(), whole.headDim(), whole.ropeTheta(), whole.ropeScaling(), whole.normEps(), whole.initRange(),
                whole.attentionBias(), whole.activation(), true, 0, false);
        int wanted = named.layers() != null ? named.layers() : needed(model, whole.layers());
        if (wanted > whole.layers()) {
            throw new UserError("model.llm.layers or model.read_layers: the language model has %d layers, %d are asked for"
                    .formatted(whole.layers(), wanted));
        }
        return plain.withLayers(wanted);
    }

    private static int needed(Model model, int all) {
        if (!model.fusion().isDeep()) {
            return all;
        }
        if (!model.readLayers().isFirst()) {
            return model.layersRead(all).getLast() + 1;
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
