package dev.fusedit.trainer.run;

import static dev.fusedit.trainer.run.ResumedRuns.force;
import static dev.fusedit.trainer.run.ResumedRuns.images;
import static dev.fusedit.trainer.run.ResumedRuns.recipe;
import static dev.fusedit.trainer.run.ResumedRuns.train;
import static dev.fusedit.trainer.run.ResumedRuns.uninterrupted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.ProgressLine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// A run that goes on under another recipe: images go on, whatever is changed.
@ExtendWith(NoTensorLeaks.class)
class ForcedResumeTest {
    @TempDir
    private Path temp;

    @Test
    void aRunUnderAnotherRecipeIsRefusedKeyByKeyAndGoesOnByForce() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, 7);
        var changed = recipe("stages.fuse.lr.dit=2e-3", "checkpoints.keep_every=10");
        assertThatThrownBy(() -> RunStart.in(run, changed, Resume.AUTO, _ -> {}, RunLength::asWritten)).isInstanceOf(UserError.class)
                .hasMessageContaining("stages.fuse.lr.dit: now 0.002, was 0.001")
                .hasMessageContaining("checkpoints.keep_every: now 10, was not set").hasMessageContaining("--resume force");
        assertThatThrownBy(() -> RunStart.in(run, recipe(), Resume.NO, _ -> {}, RunLength::asWritten))
                .hasMessageContaining("holds a run already");

        var said = new ArrayList<String>();
        try (var start = RunStart.in(run, changed, Resume.FORCE, said::add, RunLength::asWritten);
                var forced = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
            assertThat(forced.done()).isEqualTo(7);
            forced.run(12);
        }
        assertThat(said).singleElement().asString().contains("goes on under the recipe as it is now. Changed since:",
                "stages.fuse.lr.dit: now 0.002, was 0.001");
        assertThat(run.resolve("recipe.yaml")).content(StandardCharsets.UTF_8).isEqualTo(changed.canonical());
        assertThat(run.resolve("checkpoints").toFile().list()).containsExactlyInAnyOrder("step-10", "step-12", "latest");
    }

    /// In the midst of each stage, twice, and by a kill before the first checkpoint under the other recipe.
    @Test
    void anotherBatchRepeatsNoImageAndLeavesNoneOut() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, 7);
        force(run, 12, "stages.fuse.batch=6");
        force(run, 25, "stages.fuse.batch=2", "stages.joint.batch=6");
        var last = new String[] {"stages.fuse.batch=2", "stages.joint.batch=2"};
        RunStart.in(run, recipe(last), Resume.FORCE, _ -> {}, RunLength::asWritten).close();
        train(recipe(last), run, 30);
        force(run, Long.MAX_VALUE, "stages.joint.batch=8");
        long all = 7 * 4 + 5 * 6 + 8 * 2 + 5 * 6 + 5 * 2 + 10 * 8;
        assertThat(images(run)).isEqualTo(LongStream.range(0, all).boxed().toList());
        assertThat(run.resolve("checkpoints/step-40/state.json")).content().contains("\"nextPicture\" : " + all, "\"began\"");
        assertThat(uninterrupted().resolve("checkpoints/step-40/state.json")).content().doesNotContain("began");
    }

    /// The epochs of a stage are those of its images: what is left of them is trained on.
    @Test
    void anotherBatchLeavesTheEpochsWhole() throws IOException {
        var run = temp.resolve("run");
        var epochs = new String[] {"data.samples=40",
            "stages.fuse={name: fuse, epochs: 2, batch: 4, lr: {dit: 1e-3}, ema: {decay: 0.9}, losses: {flow: {}}}",
            "stages.joint.steps=1"};
        train(recipe(epochs), run, 5);
        var halved = Stream.concat(Stream.of(epochs), Stream.of("stages.fuse.batch=2")).toArray(String[]::new);
        force(run, 9, halved);
        force(run, Long.MAX_VALUE, halved);
        var keys = images(run);
        assertThat(keys).hasSize(80 + 4);
        assertThat(keys.subList(0, 40)).containsExactlyInAnyOrderElementsOf(LongStream.range(0, 40).boxed().toList());
        assertThat(keys.subList(40, 80)).containsExactlyInAnyOrderElementsOf(LongStream.range(0, 40).boxed().toList());
    }

    /// A stage that has become shorter than what is done of it is over; the next one has all its steps.
    @Test
    void aStageThatHasBecomeShorterIsOver() {
        var run = temp.resolve("run");
        train(recipe(), run, 7);
        force(run, Long.MAX_VALUE, "stages.fuse.steps=5", "stages.fuse.warm_up=1", "stages.joint.steps=4");
        assertThat(images(run)).isEqualTo(LongStream.range(0, (7 + 4) * 4).boxed().toList());
    }

    /// The optimizer is compared with the checkpoint's own, not with the recipe that a kill left in the folder.
    @Test
    void momentsOfAnotherOptimizerAreLeftOutAfterAKillToo() {
        var run = temp.resolve("run");
        train(recipe(), run, 7);
        var muon = recipe("stages.fuse.optimizer=muon");
        RunStart.in(run, muon, Resume.FORCE, _ -> {}, RunLength::asWritten).close();
        var told = new ByteArrayOutputStream();
        try (var start = RunStart.in(run, muon, Resume.AUTO, _ -> {}, RunLength::asWritten);
                var again = new TrainingRun(start, Interrupts.none(), ProgressLine.on(new PrintStream(told), System::nanoTime))) {
            again.run(9);
        }
        assertThat(told.toString(StandardCharsets.UTF_8)).contains("The optimizer begins anew");
    }
}
