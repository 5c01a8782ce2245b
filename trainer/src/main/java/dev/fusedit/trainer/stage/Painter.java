package dev.fusedit.trainer.stage;

import com.google.common.collect.Lists;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleConsumer;

/// Draws what previews and scores ask for: many prompts, a picture each, as the recipe's `sampling` says.
///
/// The noise of a picture is a function of its own seed: it doesn't depend on what it is drawn together with.
public final class Painter {
    private final LoadedPipeline model;
    private final Runnable between;
    private final DoubleConsumer drawn;

    /// The prompt of one picture, and the seed of its noise.
    public record SeededPrompt(String prompt, Seed noise) {}

    private Painter(LoadedPipeline model, Runnable between, DoubleConsumer drawn) {
        this.model = model;
        this.between = between;
        this.drawn = drawn;
    }

    /// @param bundle stays its owner's
    public static Painter of(Recipe recipe, ModelBundle bundle) { return of(RunPipeline.of(recipe, bundle)); }

    /// Draws as the model's defaults say.
    ///
    /// @param model stays its owner's
    static Painter of(LoadedPipeline model) { return new Painter(model, () -> {}, _ -> {}); }

    /// The same painter, which runs something before each batch: something that may throw, to stop.
    Painter pausing(Runnable before) { return new Painter(model, before, drawn); }

    /// The same painter, which tells after each step of a batch how many more images are drawn now: parts of images count.
    Painter watched(DoubleConsumer more) { return new Painter(model, between, more); }

    /// Width and height of the pictures.
    public int side() { return model.defaults().width(); }

    /// One picture a prompt, in their order: side × side × 3 bytes each.
    public List<byte[]> paint(List<SeededPrompt> seededPrompts) {
        var pictures = new ArrayList<byte[]>();
        for (var some : Lists.partition(seededPrompts, model.defaults().batch())) {
            between.run();
            pictures.addAll(together(some));
        }
        return pictures;
    }

    private List<byte[]> together(List<SeededPrompt> seededPrompts) {
        try (var _ = TensorScope.open()) {
            var request = model.defaults().request(seededPrompts.stream().map(SeededPrompt::prompt).toList());
            var seeded = request.seeds(seededPrompts.stream().map(SeededPrompt::noise).toList());
            return model.pipeline().draw(seeded, DrawingProgress.of(seeded, drawn)).bytes();
        }
    }
}
