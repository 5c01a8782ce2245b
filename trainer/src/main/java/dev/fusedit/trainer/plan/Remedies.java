package dev.fusedit.trainer.plan;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.OptimizerRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.Stage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What makes a recipe smaller, tried one by one and then together.
///
/// @param bytes memory of a recipe
/// @param before memory of this one
/// @param available what there is
record Remedies(Recipe recipe, ToLongFunction<Recipe> bytes, long before, long available) {
    /// The changes that help, those that save most first.
    List<Remedy> all() {
        var tried = new ArrayList<Remedy>();
        var cheap = Stream.of(checkpointing(), accumulation(), precision(), adafactor()).flatMap(List::stream).toList();
        add(tried, "Compute each layer's inside a second time instead of keeping it", checkpointing());
        add(tried, "Smaller micro-batches", accumulation());
        add(tried, "Matrices in bf16", precision());
        add(tried, "An optimizer that keeps rows and columns only", adafactor());
        add(tried, "Leave the language model frozen", frozen());
        add(tried, "Half of the layers", fewerLayers());
        var sorted = tried.stream().sorted(Comparator.comparingLong(Remedy::saved).reversed()).toList();
        var together = new ArrayList<Remedy>();
        if (sorted.size() > 1) add(together, "All of these but a smaller model", cheap);
        return Stream.concat(sorted.stream(), together.stream()).collect(ImmutableList.toImmutableList());
    }

    private void add(List<Remedy> tried, String what, List<String> settings) {
        if (settings.isEmpty()) return;
        try {
            long after = bytes.applyAsLong(Recipe.parse(recipe.canonical(), recipe.run().name(), settings));
            if (after < before) tried.add(new Remedy(what, settings, before - after, after <= available));
        } catch (UserError impossible) {
            // the recipe allows no such change
        }
    }

    private List<String> stages(Predicate<Stage> which, Function<Stage, String> setting) {
        return recipe.stages().stream().filter(which).map(stage -> "stages." + stage.name() + "." + setting.apply(stage)).toList();
    }

    private List<String> checkpointing() { return stages(stage -> !stage.checkpointing(), _ -> "checkpointing=true"); }

    /// The fewest micro-batches that fit, or as many as there can be.
    private List<String> accumulation() {
        int most = recipe.stages().stream().mapToInt(Stage::batch).max().orElseThrow();
        List<String> last = List.of();
        for (int share = 2; share <= most; share *= 2) {
            int times = share;
            last = stages(stage -> parts(stage, times) > stage.accumulation(), stage -> "accumulation=" + parts(stage, times));
            if (!last.isEmpty() && bytes.applyAsLong(Recipe.parse(recipe.canonical(), recipe.run().name(), last)) <= available) break;
        }
        return last;
    }

    /// The largest number of micro-batches up to `times` as many as there are.
    private static int parts(Stage stage, int times) {
        int wanted = (int) Math.min(stage.batch(), Math.multiplyFull(stage.accumulation(), times));
        return IntStream.rangeClosed(1, wanted).filter(parts -> stage.batch() % parts == 0).max().orElseThrow();
    }

    private List<String> precision() {
        return recipe.run().precision() == Run.Precision.F32 || recipe.run().precision() == Run.Precision.F64
                ? List.of("run.precision=bf16")
                : List.of();
    }

    private List<String> adafactor() {
        return stages(stage -> switch (stage.optimizer()) {
            case OptimizerRecipe.AdamW _ -> true;
            case OptimizerRecipe.Adafactor _ -> false;
            case OptimizerRecipe.Muon _ -> true;
        },
                stage -> "optimizer={kind: adafactor, weight_decay: " + stage.optimizer().weightDecay() + "}");
    }

    private List<String> frozen() {
        return stages(stage -> stage.lr().containsKey("llm") && stage.lr().containsKey("dit"),
                stage -> "lr={dit: " + stage.lr().get("dit") + "}");
    }

    private List<String> fewerLayers() {
        int half = (recipe.model().dit().layers() + 1) / 2;
        if (recipe.model().sharedLayers() != null || half == recipe.model().dit().layers()) return List.of();
        var settings = new ArrayList<>(List.of("model.dit.layers=" + half));
        switch (recipe.model().llm()) {
            case LanguageModelRecipe.Custom custom -> settings.add("model.llm.layers=" + (custom.layers() + 1) / 2);
            case LanguageModelRecipe.Pretrained _ -> {}
        }
        return settings;
    }
}
