package dev.fusedit.trainer.model;

import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.text.ChatTemplate;
import dev.fusedit.fusion.text.Instruction;
import dev.fusedit.fusion.text.ByteTokenizer;
import dev.fusedit.fusion.text.OwnTokenizer;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.Content;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/// The tokenizer of a recipe's language model: words or bytes for one that learns from scratch, `tokenizer.json` for a published one.
public final class RecipeTokenizers {
    private RecipeTokenizers() {}

    /// For a run's first step.
    ///
    /// @throws UserError if a published language model's tokenizer is nowhere
    public static Tokenizer of(Recipe recipe) {
        return switch (recipe.model().llm()) {
            case LanguageModelRecipe.Custom custom -> of(custom);
            case LanguageModelRecipe.Pretrained named -> read(place(recipe, named), named, () -> TextConfigs.of(recipe, 0));
        };
    }

    /// Of a language model that learns from scratch.
    public static OwnTokenizer of(LanguageModelRecipe.Custom custom) {
        return switch (custom.tokenizer()) {
            case WORDS -> WordTokenizer.of(BlocksText.words());
            case BYTES -> new ByteTokenizer();
        };
    }

    private static Path place(Recipe recipe, LanguageModelRecipe.Pretrained named) {
        var files = recipe.weights();
        if (files.tokenizer() != null) {
            return Path.of(files.tokenizer());
        }
        if (files.llmFile() != null && Files.isDirectory(Path.of(files.llmFile()))) {
            return Path.of(files.llmFile());
        }
        throw new UserError("recipe '%s' reads captions by '%s', but does not say where its tokenizer is. Give weights.tokenizer"
                .formatted(recipe.run().name(), named.called()));
    }

    private static PretrainedTokenizer read(Path place, LanguageModelRecipe.Pretrained named, Supplier<LanguageModelConfig> sizes) {
        return PretrainedTokenizer.read(place, new Instruction(named.instruction()),
                named.chatTemplate() ? ChatTemplate.of(sizes.get().family()) : null);
    }

    /// As a checkpoint has it.
    public static Tokenizer of(Recipe recipe, Checkpoint checkpoint) {
        return switch (recipe.model().llm()) {
            case LanguageModelRecipe.Custom _ -> OwnTokenizer.fromJson(CheckpointFiles.text(checkpoint, CheckpointFiles.WORDS),
                    checkpoint.file(CheckpointFiles.WORDS).toString());
            case LanguageModelRecipe.Pretrained named -> {
                CheckpointFiles.requireIn(checkpoint, CheckpointFiles.WORDS);
                yield read(checkpoint.file(CheckpointFiles.WORDS), named, () -> TextConfigs.of(recipe, 0, checkpoint.folder()));
            }
        };
    }

    /// For a checkpoint.
    public static Content content(Tokenizer tokenizer) {
        return tokenizer instanceof PretrainedTokenizer pretrained ? Content.of(pretrained.text()::open) : Content.of(json(tokenizer));
    }

    /// All of its `tokenizer.json`.
    public static String json(Tokenizer tokenizer) {
        return switch (tokenizer) {
            case OwnTokenizer own -> own.toJson();
            case PretrainedTokenizer pretrained -> pretrained.json();
            default -> throw new IllegalArgumentException("no checkpoint holds a " + tokenizer.getClass().getSimpleName());
        };
    }

    /// Rows that a table of embeddings needs; a published model has its own.
    static int size(Tokenizer tokenizer) { return tokenizer instanceof OwnTokenizer own ? own.size() : 0; }
}
