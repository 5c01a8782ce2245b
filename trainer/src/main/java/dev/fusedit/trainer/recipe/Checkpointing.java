package dev.fusedit.trainer.recipe;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import org.jspecify.annotations.Nullable;

@Doc("A checkpoint is always written at the end of the run, at the end of each stage, and when the run is interrupted.")
public record Checkpointing(
        @Doc("steps between two checkpoints besides") @Nullable Integer every,
        @Doc("how many are kept, the newest ones") @Default("2") int keep,
        @Doc("steps at whose multiples a checkpoint stays for good; none if left out") @Nullable Integer keepEvery) {
    public Checkpointing {
        Bound.STEPS.check("every", every);
        Bound.COUNT.check("keep", keep);
        Bound.STEPS.check("keep_every", keepEvery);
    }
}
