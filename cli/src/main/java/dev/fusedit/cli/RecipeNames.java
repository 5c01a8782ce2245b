package dev.fusedit.cli;

import dev.fusedit.trainer.recipe.Recipes;
import java.util.Iterator;
import picocli.CommandLine.Model.ArgSpec;

/// The recipes that have names, for shells to complete; a file stands in their place as well.
final class RecipeNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() { return Recipes.names().iterator(); }

    static boolean are(ArgSpec argument) { return argument.completionCandidates() instanceof RecipeNames; }
}
