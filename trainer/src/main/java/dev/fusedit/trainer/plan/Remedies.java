package dev.fusedit.trainer.plan;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.MemorySavings;
import dev.fusedit.trainer.recipe.MemorySavings.Saving;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Stage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/// What makes a recipe smaller, tried one by one and then together.
///
/// @param bytes memory of a recipe
/// @param before memory of this one
/// @param available what there is
record Remedies(Recipe recipe, ToLongFunction<Recipe> bytes, long before, long available) {
    /// The changes that help, those that save most first.
    List<Remedy> all() {
        var savings = new MemorySavings(recipe);
        var cheap = List.of(savings.checkpointing(), accumulation(savings), savings.precision(), savings.adafactor());
        var tried = new ArrayList<Remedy>();
        cheap.forEach(saving -> add(tried, saving));
        add(tried, savings.frozen());
        add(tried, savings.fewerLayers());
        var sorted = tried.stream().sorted(Comparator.comparingLong(Remedy::saved).reversed()).toList();
        var together = new ArrayList<Remedy>();
        var all = cheap.stream().map(Saving::settings).flatMap(List::stream).toList();
        if (sorted.size() > 1) add(together, new Saving("All of these but a smaller model", all));
        return Stream.concat(sorted.stream(), together.stream()).collect(ImmutableList.toImmutableList());
    }

    /// Of the changes that help one stage those that cost least, the cheapest first: nothing, time, precision.
    List<Remedy> cheapest(Stage stage, int count) {
        var savings = new MemorySavings(recipe, other -> other.name().equals(stage.name()));
        var tried = new ArrayList<Remedy>();
        for (var saving : savings.byCost()) add(tried, saving);
        return tried.stream().limit(count).toList();
    }

    private void add(List<Remedy> tried, Saving saving) {
        if (!saving.isOpen()) return;
        try {
            long after = bytes.applyAsLong(changed(saving));
            if (after < before) tried.add(new Remedy(saving.what(), saving.settings(), before - after, after <= available));
        } catch (UserError impossible) {
            // the recipe allows no such change
        }
    }

    private Recipe changed(Saving saving) { return Recipe.parse(recipe.canonical(), recipe.run().name(), saving.settings()); }

    /// The fewest micro-batches that fit, or as many as there can be.
    private Saving accumulation(MemorySavings savings) {
        int most = recipe.stages().stream().mapToInt(Stage::batch).max().orElseThrow();
        var last = new Saving("", List.of());
        for (int times = 2; times <= most; times *= 2) {
            last = savings.accumulation(times);
            if (last.isOpen() && bytes.applyAsLong(changed(last)) <= available) break;
        }
        return last;
    }
}
