package dev.fusedit.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class CheckpointWriterTest {
    private static final Checkpoints.Keep TWO = new Checkpoints.Keep(2, null);

    @TempDir
    private Path folder;

    private final AtomicInteger alive = new AtomicInteger();
    private int most;

    private Supplier<Snapshot> state(String label) {
        return () -> {
            most = Math.max(most, alive.incrementAndGet());
            return new Snapshot(CheckpointsTest.files(label), alive::decrementAndGet);
        };
    }

    @Test
    void theNextWaitsForTheOneBeforeAndOneSetOfCopiesIsAlive() throws Exception {
        var written = new CountDownLatch(1);
        var files = new LinkedHashMap<>(CheckpointsTest.files("slow"));
        files.put("last", out -> {
            try {
                written.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        });
        try (var writer = new CheckpointWriter(new Checkpoints(folder, TWO))) {
            writer.begin(1, () -> {
                alive.incrementAndGet();
                return new Snapshot(files, alive::decrementAndGet);
            });
            writer.check(1, state("not wanted"));
            assertThat(alive).as("training goes on while it is written").hasValue(1);
            var training = Thread.currentThread();
            Thread.ofPlatform().start(() -> {
                while (training.getState() != Thread.State.WAITING) Thread.onSpinWait(); // the next one waits
                written.countDown();
            });
            writer.begin(2, state("second"));
            assertThat(Checkpoint.open(folder.resolve("step-1")).names()).hasSize(3);
            writer.begin(3, state("third"));
            writer.finish(4, state("fourth"));
            assertThat(most).as("sets of copies at once").isEqualTo(1);
            assertThat(alive).hasValue(0);
        }
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("step-3", "step-4", "latest");
    }

    @Test
    void aStepIsSavedOnce() {
        try (var writer = new CheckpointWriter(new Checkpoints(folder, TWO))) {
            writer.begin(1, state("once"));
            writer.finish(1, () -> {
                throw new AssertionError("copied twice");
            });
        }
        assertThat(folder.resolve("latest/state.json")).hasContent("state of once");
    }

    @Test
    void whatIsOnItsWayIsFinishedByClosing() {
        try (var writer = new CheckpointWriter(new Checkpoints(folder, TWO))) {
            writer.begin(1, state("once"));
        }
        assertThat(Checkpoint.open(folder.resolve("latest")).step()).isEqualTo(1);
        assertThat(alive).hasValue(0);
    }

    /// At every point of writing: a disk that is full for a moment costs nothing but one checkpoint, and it is noticed at the next
    /// boundary.
    @Test
    void aPassingTroubleIsMadeGoodAtTheNextBoundary() {
        for (int failAt = 1;; failAt++) {
            Path root = folder.resolve("full-" + failAt);
            var disk = new FaultyDisk(FaultyDisk.Fault.FULL, failAt);
            try (var writer = new CheckpointWriter(new Checkpoints(root, new Checkpoints.Keep(1, null), disk))) {
                writer.begin(1, state("first"));
                for (int step = 2; step <= 3; step++) {
                    writer.check(step, state("later")); // where it is done at this boundary depends on the disk
                    while (failAt % 5 == 0 && alive.get() > 0) writer.check(step, state("later")); // it is, in the end
                }
                writer.finish(4, state("fourth"));
            }
            assertThat(Checkpoint.open(root.resolve("latest")).step()).isEqualTo(4);
            if (!disk.reached()) return;
        }
    }

    /// As a shared folder that is away for a moment.
    @Test
    void aWriteThatFailedIsTriedAgainWhileTrainingGoesOn() {
        var away = new FaultyDisk(FaultyDisk.Fault.FULL, 3);
        try (var writer = new CheckpointWriter(new Checkpoints(folder, TWO, away), List.of(Duration.ofMillis(1)))) {
            writer.begin(1, state("once"));
            writer.finish(1, () -> {
                throw new AssertionError("nobody has to save again");
            });
        }
        assertThat(away.reached()).isTrue();
        assertThat(Checkpoint.open(folder.resolve("latest")).step()).isEqualTo(1);
    }

    /// A disk that stays full from some point on, and a kill there: the one before is whole, whatever the point.
    @ParameterizedTest
    @EnumSource
    void aLastingTroubleEndsTheRunAndLeavesTheOneBeforeWhole(FaultyDisk.Fault fault) {
        int faults = 0;
        for (int failAt = 1;; failAt++) {
            Path root = folder.resolve(fault + "-" + failAt);
            new Checkpoints(root, 1).save(1, CheckpointsTest.files("first"));
            var disk = new FaultyDisk(fault, failAt, true);
            var thrown = catchThrowable(() -> {
                try (var writer = new CheckpointWriter(new Checkpoints(root, new Checkpoints.Keep(1, null), disk))) {
                    writer.begin(2, state("second"));
                    writer.finish(3, state("third"));
                }
            });
            assertThat(alive).as("copies are freed").hasValue(0);
            var whole = new Checkpoints(root, 1).newestWhole(_ -> {}).orElseThrow();
            assertThat(whole.file("state.json"))
                    .hasContent("state of " + new String[] {"first", "second", "third"}[(int) whole.step() - 1]);
            if (!disk.reached()) {
                assertThat(thrown).isNull();
                break;
            }
            faults++;
            if (thrown instanceof UserError) assertThat(thrown).hasMessageContaining("the disk is full. Free some space");
            if (thrown == null) assertThat(whole.step()).isEqualTo(3);
        }
        assertThat(faults).isGreaterThan(40);
    }

    @Test
    void aFolderThatMayNotBeWrittenToIsNamed() {
        Path file = folder.resolve("checkpoints");
        try (var writer = new CheckpointWriter(new Checkpoints(file, TWO))) {
            writer.finish(1, state("first"));
            assertThat(file.toFile().setWritable(false)).isTrue();
            assumeFalse(Files.isWritable(file), "root may write everywhere");
            writer.begin(2, state("second"));
            assertThatThrownBy(() -> writer.finish(3, state("third"))).isInstanceOf(UserError.class)
                    .hasMessageContaining("may not be written to");
        } finally {
            file.toFile().setWritable(true);
        }
        assertThat(Checkpoint.open(file.resolve("latest")).step()).isEqualTo(1);
    }
}
