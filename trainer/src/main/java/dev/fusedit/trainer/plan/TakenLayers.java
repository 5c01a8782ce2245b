package dev.fusedit.trainer.plan;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.model.TextConfigs;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import org.jspecify.annotations.Nullable;

/// How much of a published language model a recipe takes, where that is less than all of it: the first layers, as many as the image side reads.
///
/// @param whole parameters of the published model
record TakenLayers(String name, int taken, int all, long whole) {
    static @Nullable TakenLayers of(Recipe recipe) {
        var published = TextConfigs.published(recipe.model()).orElse(null);
        if (published == null) return null;
        int taken = RecipeModelConfigs.of(recipe).text().layers();
        return taken == published.layers() ? null
                : new TakenLayers(name(recipe.model().llm()), taken, published.layers(),
                        ModelShapes.count(ModelShapes.shapes(weights -> LanguageModel.of(published, weights))));
    }

    private static String name(LanguageModelRecipe llm) {
        return switch (llm) {
            case LanguageModelRecipe.Pretrained named -> named.name();
            case LanguageModelRecipe.Custom _ -> "the recipe's own";
        };
    }

    /// `6 of the 18 layers of google/gemma-3-270m, which has 268.1 M`
    @Override
    public String toString() { return "%d of the %d layers of %s, which has %s".formatted(taken, all, name, PlanText.millions(whole)); }
}
