package dev.fusedit.trainer.run;

import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.CheckpointWriter;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.checkpoint.Snapshot;
import dev.fusedit.trainer.recipe.Checkpointing;
import dev.fusedit.trainer.stage.MemoryRemedies;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/// When a run is saved: every so many steps, as a stage ends and as the run does, when a signal comes, and before a number that is none
/// ends it.
///
/// Rows of the log are on the disk before a checkpoint claims their steps. All methods belong to the thread that trains.
final class RunCheckpoints implements AutoCloseable {
    /// A shared folder that is away for a moment is there again, mostly.
    private static final List<Duration> PAUSES = List.of(Duration.ofSeconds(1), Duration.ofSeconds(4), Duration.ofSeconds(15));

    private final Checkpointing settings;
    private final Path folder;
    private final Interrupts interrupts;
    private final RunLog log;
    private final CheckpointWriter writer;
    private final ShardedCheckpoints shards;

    /// @param log stays its owner's
    RunCheckpoints(Checkpointing settings, RunFolder folder, Interrupts interrupts, RunLog log) {
        this.settings = settings;
        this.folder = folder.checkpoints();
        this.interrupts = interrupts;
        this.log = log;
        var checkpoints = new Checkpoints(this.folder, new Checkpoints.Keep(settings.keep(), settings.keepEvery()));
        writer = new CheckpointWriter(checkpoints, PAUSES);
        shards = new ShardedCheckpoints(checkpoints, log::say);
    }

    /// Where several processes write their parts.
    ShardedCheckpoints shards() { return shards; }

    /// After a step.
    ///
    /// @param done steps, over all stages
    /// @param runEnds whether this was the last step, for now or for good; its checkpoint is on the disk at the end
    /// @return whether training stood still for a copy of its state, which is now written beside it
    /// @throws Interrupted if a signal came; the checkpoint is on the disk
    boolean after(long done, boolean stageEnds, boolean runEnds, Supplier<Snapshot> state) {
        if (runEnds || interrupts.status() != 0) {
            now(done, state);
            requireGoOn(done);
            return false;
        }
        if (stageEnds || settings.every() != null && done % settings.every() == 0) {
            log.force();
            writer.begin(done, copied(state));
            return true;
        }
        writer.check(done, copied(state));
        return false;
    }

    private static Supplier<Snapshot> copied(Supplier<Snapshot> state) {
        return () -> {
            try {
                return state.get();
            } catch (TorchException e) {
                throw e.isOutOfMemory() ? MemoryRemedies.copies(e) : e;
            }
        };
    }

    /// Saves, and waits until it is on the disk.
    void now(long done, Supplier<Snapshot> state) {
        log.force();
        writer.finish(done, copied(state));
    }

    /// As [#now] before something that ended the run is told: if it cannot be saved, that is said, and what was saved before stays.
    void ifPossible(long done, Supplier<Snapshot> state) {
        try {
            now(done, state);
            log.say("What was learned up to step %d is in %s".formatted(done, of(done)));
        } catch (UserError e) {
            log.say(e.getMessage());
        }
    }

    /// @throws Interrupted if a signal came
    void requireGoOn(long done) {
        if (interrupts.status() != 0) {
            throw new Interrupted(interrupts.status(), of(done), done);
        }
    }

    /// The checkpoint after a step, where one was saved.
    Path of(long done) { return folder.resolve("step-" + done); }

    /// Waits for the one that is being written.
    @Override
    public void close() { writer.close(); }
}
