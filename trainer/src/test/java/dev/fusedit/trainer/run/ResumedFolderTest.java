package dev.fusedit.trainer.run;

import static dev.fusedit.trainer.run.ResumedRuns.assertSame;
import static dev.fusedit.trainer.run.ResumedRuns.recipe;
import static dev.fusedit.trainer.run.ResumedRuns.train;
import static dev.fusedit.trainer.run.ResumedRuns.uninterrupted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// What a run goes on from is what lies in its folder: what of it counts, and what is refused.
@ExtendWith(NoTensorLeaks.class)
class ResumedFolderTest {
    @TempDir
    private Path temp;

    @Test
    void rowsAfterTheCheckpointAreCutAndTheResumptionIsTold() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, 12);
        var metrics = run.resolve("metrics.jsonl");
        Files.writeString(metrics, "{\"step\":13,\"loss\":9}\n{\"step\":14,\"lo", StandardOpenOption.APPEND); // as a kill leaves it
        train(recipe(), run, 20);
        var rows = MetricsLog.rows(metrics);
        assertThat(rows).contains(Map.of("event", "resume", "step", 12));
        assertThat(Files.readString(metrics)).contains("{\"event\":\"resume\",\"step\":12}\n");
        assertThat(rows.stream().filter(row -> row.containsKey("loss")).map(row -> row.get("step")))
                .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20);
        assertThat(rows.stream().filter(row -> row.get("step").equals(13)).map(row -> row.get("loss"))).doesNotContain(9);
    }

    @Test
    void ofADamagedCheckpointTheOneBeforeIsTaken() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, 17);
        var weights = run.resolve("checkpoints/step-17/model.safetensors");
        var bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        var said = new ArrayList<String>();
        train(recipe(), run, Long.MAX_VALUE, said);
        assertThat(said).singleElement().asString().contains("step-17", "model.safetensors is damaged", "set aside as step-17.damaged");
        assertThat(MetricsLog.rows(run.resolve("metrics.jsonl"))).contains(Map.of("event", "resume", "step", 15));
        assertSame(run, uninterrupted());
    }

    @Test
    void aRunThatWasKilledBeforeItsFirstCheckpointBeginsAnew() throws IOException {
        var run = temp.resolve("run");
        RunFolder.create(run, recipe().canonical());
        Files.writeString(run.resolve("metrics.jsonl"), "{\"step\":1,\"loss\":9}\n");
        train(recipe(), run, Long.MAX_VALUE);
        assertThat(MetricsLog.rows(run.resolve("metrics.jsonl"))).contains(Map.of("event", "resume", "step", 0));
        assertSame(run, uninterrupted());
    }

    @Test
    void aFinishedRunIsSaidToBeFinished() {
        try (var start = RunStart.in(uninterrupted(), recipe(), Resume.AUTO, _ -> {}, RunLength::asWritten)) {
            assertThat(start).isInstanceOf(RunStart.Finished.class);
        }
    }

    /// What a sum's order depends on is noted, and told where it changes.
    @Test
    void anotherNumberOfThreadsIsTold() throws IOException {
        var run = temp.resolve("run");
        int threads = Libtorch.threads();
        train(recipe(), run, 2);
        assertThat(run.resolve("checkpoints/step-2/times.json")).content().contains("\"threads\":" + threads, "\"cpu\":", "\"libtorch\":");
        try {
            Libtorch.setThreads(threads + 1);
            assertThat(toldOfGoingOn(run, 3)).contains("Up to here the run computed with %d thread".formatted(threads),
                    "from here on with %d threads".formatted(threads + 1), "not in every bit");
            assertThat(toldOfGoingOn(run, 4)).doesNotContain("Up to here");
        } finally {
            Libtorch.setThreads(threads);
        }
    }

    private static String toldOfGoingOn(Path run, long upTo) {
        var told = new ByteArrayOutputStream();
        try (var start = RunStart.in(run, recipe(), Resume.AUTO, _ -> {}, RunLength::asWritten);
                var again = new TrainingRun(start, Interrupts.none(), ProgressLine.on(new PrintStream(told), System::nanoTime))) {
            again.run(upTo);
        }
        return told.toString(StandardCharsets.UTF_8);
    }

    // ---- what is refused

    /// In the folder's name the mended recipe begins, without `--resume force`.
    @Test
    void aRunThatIsRefusedBlocksNothing() {
        var run = temp.resolve("made/run");
        var missing = recipe("weights.llm=" + temp.resolve("none"));
        try (var start = RunStart.in(run, missing, Resume.AUTO, _ -> {}, RunLength::asWritten)) {
            assertThatThrownBy(() -> new TrainingRun(start, Interrupts.none(), ProgressLine.silent())).isInstanceOf(UserError.class);
        }
        assertThat(temp.resolve("made")).doesNotExist();
        RunStart.in(run, missing, Resume.AUTO, _ -> {}, RunLength::asWritten).close(); // as a kill leaves it
        assertThat(train(recipe(), run, 1)).isEqualTo(new Outcome.Paused(1, run.resolve("checkpoints/step-1")));
        assertThatThrownBy(() -> train(missing, run, 2)).isInstanceOf(UserError.class).hasMessageContaining("weights.llm");
    }

    /// What a recipe leaves to the machine is as the run has it, whatever the machine would say now; a number of its own is not.
    @Test
    void whatIsLeftToTheMachineIsAsTheRunHasIt() throws IOException {
        var run = temp.resolve("run");
        train(recipe("run.precision=f64", "run.lanes=3"), run, 2);
        var open = recipe("run.precision=auto", "run.lanes=auto");
        try (var start = RunStart.in(run, open, Resume.AUTO, _ -> {}, RunLength::asWritten)) {
            assertThat(start).isInstanceOf(RunStart.GoingOn.class);
            assertThat(length(start).recipe()).isEqualTo(recipe("run.precision=f64", "run.lanes=3"));
        }
        assertThatThrownBy(
                () -> RunStart.in(run, recipe("run.precision=f32", "run.lanes=auto"), Resume.AUTO, _ -> {}, RunLength::asWritten))
                .hasMessageContaining("run.precision: now f32, was f64").message().doesNotContain("lanes");
        assertThatThrownBy(() -> RunStart.in(run, recipe("run.precision=auto", "run.lanes=2"), Resume.AUTO, _ -> {}, RunLength::asWritten))
                .hasMessageContaining("run.lanes: now 2, was 3").message().doesNotContain("precision");
    }

    private static RunLength length(RunStart start) {
        return switch (start) {
            case RunStart.Fresh fresh -> fresh.length();
            case RunStart.GoingOn on -> on.length();
            case RunStart.Finished _ -> throw new AssertionError("finished");
        };
    }

    @Test
    void aNewRunsFolderHoldsWhatTheMachineDecided() {
        var run = temp.resolve("run");
        try (var start = RunStart.in(run, recipe("run.precision=auto"), Resume.AUTO, _ -> {}, RunLength::asWritten)) {
            var kept = Recipe.find(run.resolve("recipe.yaml").toString(), List.of());
            assertThat(kept).isEqualTo(length(start).recipe());
            assertThat(kept.run().isSettled()).isTrue();
            assertThat(kept.run().precision()).isIn(Run.Precision.F32, Run.Precision.BF16);
        }
    }

    @Test
    void aModelThatDoesNotFitItsCheckpointIsRefusedEvenByForce() {
        var run = temp.resolve("run");
        train(recipe(), run, 2);
        var wider = recipe("model.dit.mlp_width=64");
        try (var start = RunStart.in(run, wider, Resume.FORCE, _ -> {}, RunLength::asWritten)) {
            assertThatThrownBy(() -> new TrainingRun(start, Interrupts.none(), ProgressLine.silent())).isInstanceOf(UserError.class)
                    .hasMessageContaining("does not fit the model").hasMessageContaining("of another shape");
        }
    }

    @Test
    void twoRunsDoNotShareAFolder() {
        try (var _ = RunStart.in(temp.resolve("run"), recipe(), Resume.AUTO, _ -> {}, RunLength::asWritten)) {
            assertThatThrownBy(() -> RunStart.in(temp.resolve("run"), recipe(), Resume.AUTO, _ -> {}, RunLength::asWritten))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("is in use");
        }
        RunStart.in(temp.resolve("run"), recipe(), Resume.AUTO, _ -> {}, RunLength::asWritten).close();
    }

    /// Without a folder's name: what a person expects who gives the same command again.
    @Test
    void theNewestUnfinishedRunOfTheRecipeGoesOn() {
        train(recipe(), temp.resolve("resumed"), 2);
        assertThat(found(recipe(), Resume.AUTO)).isEqualTo("resumed");
        assertThat(found(recipe(), Resume.NO)).isEqualTo("resumed-2");
        assertThat(found(recipe("run.seed=6"), Resume.AUTO)).as("2 is of another recipe than this").isEqualTo("resumed-3");
        assertThat(found(recipe(), Resume.AUTO)).as("3 is the newest, and of another recipe").isEqualTo("resumed-4");
        assertThat(found(recipe(), Resume.AUTO)).isEqualTo("resumed-4");
    }

    private String found(Recipe recipe, Resume resume) {
        try (var start = RunStart.below(temp, recipe, resume, _ -> {}, RunLength::asWritten)) {
            return start.folder().folder().getFileName().toString();
        }
    }
}
