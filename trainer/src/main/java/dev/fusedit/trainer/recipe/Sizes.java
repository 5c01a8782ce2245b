package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import java.util.stream.LongStream;

/// Products of sizes, each of which lies within its own [Bound]: with these, what is computed of them fits a `long`, bytes of a whole step
/// included. The limits are far beyond what any machine computes.
final class Sizes {
    private static final double MOST_ACTIVATIONS = 0x1p50;
    private static final double MOST_SCORES = 0x1p56;

    private Sizes() {}

    static void check(Stage stage, Model model, Data data) {
        long row = stage.side(data) / model.patchPixels();
        long tokens = data.sizes(stage.side(data), model.patchPixels()).stream()
                .mapToLong(size -> Math.multiplyFull(size.width() / model.patchPixels(), size.height() / model.patchPixels())).max()
                .orElseThrow();
        checkArgument(tokens <= Bound.IMAGE_TOKENS.most(), "%s must make at most %s patches of an image, but makes %s",
                tokens > row * row ? "data.aspect_buckets" : stage.resolution() == null ? "data.image_size"
                        : "stages." + stage.name() + ".resolution",
                Bound.IMAGE_TOKENS.most(), tokens);
        checkSteps(stage, data);
        double rows = (double) stage.microBatch() * (tokens + model.llm().maxTokens());
        checkArgument(rows * widest(model) * model.dit().layers() <= MOST_ACTIVATIONS
                && rows * (tokens + model.llm().maxTokens()) * heads(model) <= MOST_SCORES,
                "stages.%s.batch must be smaller, or the model or the images: a micro-batch of %s with %s image tokens is more than any "
                        + "machine computes",
                stage.name(), stage.microBatch(), tokens);
    }

    private static void checkSteps(Stage stage, Data data) {
        if (stage.epochs() != null && data.samples() != null) {
            double steps = stage.epochs() * data.samples() / stage.batch();
            checkArgument(steps <= Bound.STEPS.most(), "stages.%s.epochs must make at most %s steps, but makes %s", stage.name(),
                    Bound.STEPS.most(), steps);
        }
    }

    private static long widest(Model model) {
        var dit = model.dit();
        long own = Math.max(dit.width() == null ? 1 : dit.width(), dit.mlpWidth() == null ? 1 : dit.mlpWidth());
        return switch (model.llm()) {
            case LanguageModelRecipe.Custom custom -> LongStream
                    .of(own, custom.width(), custom.mlpWidth(), Math.multiplyFull(custom.heads(), custom.headWidth())).max().orElseThrow();
            case LanguageModelRecipe.Pretrained named -> Math.max(own, named.sizes().map(LanguageModelConfig::intermediate).orElse(1));
        };
    }

    private static int heads(Model model) {
        return switch (model.llm()) {
            case LanguageModelRecipe.Custom custom -> custom.heads();
            case LanguageModelRecipe.Pretrained named -> named.sizes().map(LanguageModelConfig::heads).orElse(1);
        };
    }
}
