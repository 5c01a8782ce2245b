package dev.fusedit.trainer.recipe;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// Changes of a recipe that take less memory, as `--set` takes them. How much less is not said here.
///
/// @param recipe to be changed
/// @param which stages may be changed
public record MemorySavings(Recipe recipe, Predicate<Stage> which) {
    private static final int TWICE = 2;

    /// @param what in words
    /// @param settings none where the recipe does so already
    public record Saving(String what, List<String> settings) {
        public boolean isOpen() { return !settings.isEmpty(); }
    }

    /// In all stages.
    public MemorySavings(Recipe recipe) { this(recipe, _ -> true); }

    /// Those of the model as it is, the cheapest first: what costs nothing, what costs time, what changes numbers.
    public List<Saving> byCost() { return List.of(accumulation(TWICE), checkpointing(), lanes(), precision(), adafactor()); }

    /// Activation checkpointing.
    public Saving checkpointing() {
        return new Saving("Compute each layer's inside a second time instead of keeping it",
                stages(stage -> !stage.checkpointing(), _ -> "checkpointing=true"));
    }

    /// @param times so many times as many micro-batches as there are, or fewer where the batch has no such divisor
    public Saving accumulation(int times) {
        return new Saving("Smaller micro-batches",
                stages(stage -> parts(stage, times) > stage.accumulation(), stage -> "accumulation=" + parts(stage, times)));
    }

    private static int parts(Stage stage, int times) {
        int wanted = (int) Math.min(stage.batch(), Math.multiplyFull(stage.accumulation(), times));
        return IntStream.rangeClosed(1, wanted).filter(parts -> stage.batch() % parts == 0).max().orElseThrow();
    }

    /// Each lane has gradients of its own.
    public Saving lanes() {
        return new Saving("One lane", recipe.run().lanes().orElse(1) > 1 ? List.of("run.lanes=1") : List.of());
    }

    public Saving precision() {
        boolean wide = switch (recipe.run().precision()) {
            case F32, F64 -> true;
            case AUTO, BF16, F16, PURE_BF16 -> false;
        };
        return new Saving("Matrices in bf16", wide ? List.of("run.precision=bf16") : List.of());
    }

    public Saving adafactor() {
        return new Saving("An optimizer that keeps rows and columns only", stages(stage -> switch (stage.optimizer()) {
            case OptimizerRecipe.AdamW _ -> true;
            case OptimizerRecipe.Adafactor _ -> false;
            case OptimizerRecipe.Muon _ -> true;
        }, stage -> "optimizer={kind: adafactor, weight_decay: " + stage.optimizer().weightDecay() + "}"));
    }

    /// Of the language model.
    public Saving frozen() {
        return new Saving("Leave the language model frozen",
                stages(stage -> stage.lr().containsKey("llm") && stage.lr().containsKey("dit"),
                        stage -> "lr={dit: " + stage.lr().get("dit") + "}"));
    }

    /// Of both sides.
    public Saving fewerLayers() {
        var what = "Half of the layers";
        int half = (recipe.model().dit().layers() + 1) / 2;
        if (recipe.model().sharedLayers() != null || !recipe.model().readLayers().isFirst() || half == recipe.model().dit().layers())
            return new Saving(what, List.of());
        var settings = new ArrayList<>(List.of("model.dit.layers=" + half));
        switch (recipe.model().llm()) {
            case LanguageModelRecipe.Custom custom -> settings.add("model.llm.layers=" + (custom.layers() + 1) / 2);
            case LanguageModelRecipe.Pretrained _ -> {}
        }
        return new Saving(what, settings);
    }

    private List<String> stages(Predicate<Stage> need, Function<Stage, String> setting) {
        return recipe.stages().stream().filter(which).filter(need).map(stage -> "stages." + stage.name() + "." + setting.apply(stage))
                .toList();
    }
}
