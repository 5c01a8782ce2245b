package dev.fusedit.trainer.plan;

import static java.util.stream.Collectors.joining;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.ShallowModelConfig;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.model.TextConfigs;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.Collections;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Which layers of a language model a recipe reads, where those are not all.
///
/// @param of what: a published model's name, its files, or the recipe's own
/// @param read those that blocks read; below a hidden state, all that are there
/// @param depth layers that the text goes through
/// @param held layers whose weights are there
/// @param all those of the whole model
/// @param whole parameters of the whole model
record TakenLayers(String of, ImmutableList<Integer> read, int depth, int held, int all, long whole) {
    static @Nullable TakenLayers of(Recipe recipe) {
        var built = RecipeModelConfigs.of(recipe);
        int held = built.text().layers();
        var whole = TextConfigs.whole(recipe).orElse(built.text());
        var read = switch (built) {
            case FuseDiTConfig fused -> fused.readLayers();
            case ShallowModelConfig _ -> IntStream.range(0, held).boxed().collect(ImmutableList.toImmutableList());
        };
        int depth = read.isEmpty() ? 0 : Collections.max(read) + 1;
        boolean ownAsItIs = whole.equals(built.text()) && recipe.model().readLayers().isFirst(); // some may be there for their words alone
        return read.size() == whole.layers() || ownAsItIs ? null
                : new TakenLayers(name(recipe), read, depth, held, whole.layers(),
                        ModelShapes.count(ModelShapes.shapes(weights -> LanguageModel.of(whole, weights))));
    }

    private static String name(Recipe recipe) {
        var files = recipe.weights().llmFile();
        return switch (recipe.model().llm()) {
            case LanguageModelRecipe.Pretrained named when named.name() != null -> named.name();
            case LanguageModelRecipe.Pretrained _ -> String.valueOf(files);
            case LanguageModelRecipe.Custom _ -> files == null ? "the recipe's own" : files;
        };
    }

    /// `6 of 18 layers, the first ones, of google/gemma-3-270m, which has 268.1 M`
    @Override
    public String toString() {
        return "%d of %d layers%s of %s, which has %s%s%s".formatted(read.size(), all, which(), of, PlanText.millions(whole),
                depth > read.size() ? "; the text goes through " + (depth == all ? "all of them" : "the first " + depth) : "",
                held > depth ? "; the first %d are there".formatted(held) : "");
    }

    private String which() {
        if (read.isEmpty()) return "";
        int first = read.getFirst(), last = read.getLast();
        if (last - first != read.size() - 1) return " (" + read.stream().map(String::valueOf).collect(joining(", ")) + ")";
        return first == 0 ? ", the first ones," : last == all - 1 ? ", the last ones," : " (%d to %d)".formatted(first, last);
    }
}
