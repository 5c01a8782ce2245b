package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import org.jspecify.annotations.Nullable;

public record Logging(
        @Doc("steps between two rows of metrics.jsonl") @Default("10") int metricsEvery,
        @Doc("steps between two previews in stages that sample; none if left out") @Nullable Integer previewEvery,
        @Doc("a file with a prompt a line, of which previews and the grid at the end are sampled; some of the data's captions if left out") @Nullable String prompts,
        @Doc("whether event files for TensorBoard are written beside metrics.jsonl") @Default("true") boolean tensorboard,
        @Doc("a command of the shell that gets each row of metrics.jsonl on its standard input, and the previews' paths; run only with "
                + "--allow-hook, and never a reason for a run to fail; none if left out") @Nullable String hook) {
    public Logging {
        Bound.STEPS.check("metrics_every", metricsEvery);
        Bound.STEPS.check("preview_every", previewEvery);
        PathText.check("prompts", prompts);
        checkArgument(hook == null || !hook.isBlank(), "hook must be a command, but is empty");
    }
}
