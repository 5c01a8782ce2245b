package dev.fusedit.trainer.plan;

import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.recipe.Data;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Tokens of the longest text of a batch: padding is computed as far as that.
///
/// @param meanCaption for a language model that computes captions without padding
/// @param sentence of the wider text that a language loss may read
record TextLengths(int caption, int meanCaption, int sentence) {
    private static final int LOOKED_AT = 256;

    /// As the built-in data has them; of other data, which is not looked at, the longest that the recipe allows.
    static TextLengths of(Recipe recipe) {
        int most = recipe.model().llm().maxTokens();
        var unknown = new TextLengths(most, most, most);
        return switch (recipe.data()) {
            case Data.Blocks blocks -> switch (recipe.model().llm()) {
                case LanguageModelRecipe.Custom custom -> drawn(blocks, RecipeTokenizers.of(custom), most);
                case LanguageModelRecipe.Pretrained _ -> unknown;
            };
            case Data.Images _ -> unknown;
            case Data.Mixture _ -> unknown;
        };
    }

    private static TextLengths drawn(Data.Blocks blocks, Tokenizer tokenizer, int most) {
        var captions = IntStream.range(0, LOOKED_AT)
                .mapToObj(i -> Blocks.sample(blocks.seed(), i, Split.TRAIN, blocks.mix().blocks()).caption().text())
                .mapToInt(text -> Math.min(most, tokenizer.encode(text).length)).summaryStatistics();
        var sentences = IntStream.range(0, LOOKED_AT).mapToObj(i -> BlocksText.sentence(blocks.seed(), i));
        return new TextLengths(captions.getMax(), (int) Math.ceil(captions.getAverage()),
                1 + Math.min(most, longest(sentences, tokenizer)));
    }

    private static int longest(Stream<String> texts, Tokenizer tokenizer) {
        return texts.mapToInt(text -> tokenizer.encode(text).length).max().orElseThrow();
    }
}
