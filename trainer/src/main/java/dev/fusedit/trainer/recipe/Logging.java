package dev.fusedit.trainer.recipe;

import static dev.fusedit.trainer.recipe.binding.Rules.checkArgument;

import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import org.jspecify.annotations.Nullable;

public record Logging(
        @Doc("steps between two rows of metrics.jsonl") @Default("10") int metricsEvery,
        @Doc("steps between two previews in stages that sample; none if left out") @Nullable Integer previewEvery,
        @Doc("whether event files for TensorBoard are written beside metrics.jsonl") @Default("true") boolean tensorboard) {
    public Logging {
        checkArgument(metricsEvery > 0, "metrics_every must be at least 1, but is %s", metricsEvery);
        checkArgument(previewEvery == null || previewEvery > 0, "preview_every must be at least 1, but is %s", previewEvery);
    }
}
