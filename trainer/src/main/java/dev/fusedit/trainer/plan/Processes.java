package dev.fusedit.trainer.plan;

import dev.fusedit.trainer.step.Sharding;

/// The processes that share a recipe's steps.
///
/// @param count of all
/// @param here how many of them are on this machine, rank 0 among them
/// @param sharding what each keeps a part of only
public record Processes(int count, int here, Sharding sharding) {
    public static final Processes ALONE = new Processes(1, 1, Sharding.NONE);

    boolean isAlone() { return count == 1; }
}
