package dev.fusedit.trainer.checkpoint;

import com.google.common.base.Throwables;
import com.google.common.util.concurrent.Uninterruptibles;
import dev.fusedit.torch.UserError;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes checkpoints on a thread of its own while training goes on.
///
/// **Memory.** One checkpoint is on its way at most: the next one waits for it *before* it copies anything. So the copies are one set, as
/// many bytes as the checkpoint's tensors. They are freed at the first step boundary ([#check]) after the write.
///
/// **Failure.** What cannot be written is tried again after some pauses, while training goes on. What a write failed at for good is noticed
/// at the next step boundary. There the present state is saved once more, and waited for, so that a passing trouble (a shared folder that
/// was away, a disk that was full of something that is gone) costs nothing. If that fails too, its [UserError] ends the run with exit code
/// 2. Checkpoints saved earlier stay whole throughout.
///
/// All methods belong to the thread that trains.
public final class CheckpointWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointWriter.class);

    private final Checkpoints checkpoints;
    private final List<Duration> pauses;
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(task -> Thread.ofPlatform().daemon().name("checkpoints").unstarted(task));
    private @Nullable OnItsWay onItsWay;
    private long latest = -1;

    private record OnItsWay(Snapshot snapshot, Future<Path> written) {}

    public CheckpointWriter(Checkpoints checkpoints) { this(checkpoints, List.of()); }

    /// @param pauses after each of which a write that failed is tried again
    public CheckpointWriter(Checkpoints checkpoints, List<Duration> pauses) {
        this.checkpoints = checkpoints;
        this.pauses = pauses;
    }

    /// Takes a snapshot and leaves the writing of it to the thread. Waits first for the one before.
    ///
    /// @throws UserError if the one before failed, and this one too
    public void begin(long step, Supplier<Snapshot> state) {
        settle(step, state);
        if (latest != step) {
            start(step, state);
        }
    }

    /// At a step boundary: frees what has been written; if that failed, saves the present state.
    ///
    /// @throws UserError if this fails too
    public void check(long step, Supplier<Snapshot> state) {
        if (onItsWay != null && onItsWay.written().isDone()) {
            settle(step, state);
        }
    }

    /// Saves the present state, if it has not been saved yet, and waits until it is on the disk.
    ///
    /// @throws UserError if it cannot be written in two attempts
    public void finish(long step, Supplier<Snapshot> state) {
        begin(step, state);
        settle(step, state);
    }

    /// Waits for the one on its way, if any. If it failed, this step's state takes its place, and is on the disk at the end.
    private void settle(long step, Supplier<Snapshot> state) {
        try {
            await();
        } catch (UserError e) {
            LOG.warn("{}. Trying once more", e.getMessage());
            start(step, state);
            await();
        }
    }

    private void start(long step, Supplier<Snapshot> state) {
        var snapshot = state.get();
        onItsWay = new OnItsWay(snapshot, thread.submit(() -> save(step, snapshot)));
        latest = step;
    }

    /// On the writer's thread.
    private Path save(long step, Snapshot snapshot) {
        for (var pause : pauses) {
            try {
                return checkpoints.save(step, snapshot.files(), snapshot.parts());
            } catch (UserError e) {
                LOG.warn("{}. Trying again in {} s", e.getMessage(), pause.toSeconds());
                Uninterruptibles.sleepUninterruptibly(pause);
            }
        }
        return checkpoints.save(step, snapshot.files(), snapshot.parts());
    }

    private void await() {
        var current = onItsWay;
        if (current == null) {
            return;
        }
        onItsWay = null;
        try (var _ = current.snapshot()) {
            Uninterruptibles.getUninterruptibly(current.written()); // what is being written must not be freed
        } catch (ExecutionException e) {
            Throwables.throwIfUnchecked(e.getCause());
            throw new IllegalStateException(e.getCause());
        }
    }

    /// Waits for what is on its way, whatever comes of it.
    @Override
    public void close() {
        try {
            await();
        } catch (UserError e) {
            LOG.warn("{}", e.getMessage());
        } finally {
            thread.close();
        }
    }
}
