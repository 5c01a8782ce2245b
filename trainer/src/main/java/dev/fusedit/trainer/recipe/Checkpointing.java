package dev.fusedit.trainer.recipe;

import static dev.fusedit.trainer.recipe.binding.Rules.checkArgument;

import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import org.jspecify.annotations.Nullable;

@Doc("A checkpoint is always written at the end of the run, at the end of each stage, and when the run is interrupted.")
public record Checkpointing(
        @Doc("steps between two checkpoints besides") @Nullable Integer every,
        @Doc("how many are kept, the newest ones") @Default("2") int keep,
        @Doc("steps at whose multiples a checkpoint stays for good; none if left out") @Nullable Integer keepEvery) {
    public Checkpointing {
        checkArgument(every == null || every > 0, "every must be at least 1, but is %s", every);
        checkArgument(keep > 0, "keep must be at least 1, but is %s", keep);
        checkArgument(keepEvery == null || keepEvery > 0, "keep_every must be at least 1, but is %s", keepEvery);
    }
}
