package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.align.Teacher;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import dev.fusedit.trainer.step.DivergedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class TeacherRunTest {
    @TempDir
    Path temp;

    private static TeacherRecipe tiny(String... settings) {
        var all = new ArrayList<>(List.of("teacher={width: 16, layers: 1, heads: 2, patch: 8}", "learning.steps=6",
                "learning.warm_up=2", "learning.batch=4", "probes={fitted: 30, judged: 20}", "logging.metrics_every=1",
                "checkpoints={every: 2, keep: 9}"));
        all.addAll(List.of(settings));
        return TeacherRecipe.find("blocks-teacher", all);
    }

    /// @return null if it stopped before its end
    private static @Nullable TeacherResult train(TeacherRecipe recipe, Path folder, Interrupts interrupts, long upTo) {
        return train(recipe, folder, Resume.AUTO, interrupts, upTo);
    }

    private static @Nullable TeacherResult train(TeacherRecipe recipe, Path folder, Resume resume, Interrupts interrupts, long upTo) {
        try (var start = TeacherStart.in(folder, recipe, resume, _ -> {});
                var run = new TeacherRun(start, interrupts, ProgressLine.silent())) {
            return run.run(upTo);
        }
    }

    /// Its weights, too, are freed.
    @Test
    void aCommandThatNobodyAllowedIsRefused() {
        assertThatThrownBy(() -> train(tiny("logging.hook=cat"), temp.resolve("run"), Interrupts.none(), 6)).isInstanceOf(UserError.class)
                .hasMessageContaining("--allow-hook");
        assertThat(temp.resolve("run")).doesNotExist();
    }

    /// Three features of 50 images.
    @Test
    void probingHasALineOfItsOwn() {
        var said = new ByteArrayOutputStream();
        try (var start = TeacherStart.in(temp.resolve("run"), tiny(), Resume.AUTO, _ -> {});
                var run = new TeacherRun(start, Interrupts.none(), ProgressLine.on(new PrintStream(said), System::nanoTime))) {
            run.run(Long.MAX_VALUE);
        }
        assertThat(said.toString()).contains("Probing 50 images", "] 0/150 ", "] 150/150 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"captions", "{kind: hidden-patches, view: 12}"})
    void leavesATeacherAndWhatItsFeaturesTell(String task) throws IOException {
        var out = temp.resolve("run");
        var recipe = tiny("learning.task=" + task);
        train(recipe, out, Interrupts.none(), Long.MAX_VALUE);
        var probes = new ObjectMapper().readTree(out.resolve("result.json").toFile()).get("probes");
        for (var features : List.of("trained", "random", "pixels"))
            for (var key : List.of("color", "shape", "heldout_color", "heldout_shape"))
                assertThat(probes.get(features).get(key).asDouble()).as(features + " " + key).isBetween(0.0, 1.0);
        assertThat(probes.get("pixels").get("color").asDouble()).as("colours can be seen in the pixels").isGreaterThan(0.5);
        assertThat(MetricsLog.rows(out.resolve("metrics.jsonl"))).hasSize(6)
                .allSatisfy(row -> assertThat(row).containsEntry("stage", "teacher").containsKeys("gradient_norm", "images_per_second"))
                .extracting(row -> row.get("rate")).startsWith(1 / 3.0, 2 / 3.0, 1.0);
        assertThat(out.resolve("tensorboard")).isNotEmptyDirectory();
        try (var trained = Teacher.of(new Losses.Teacher.Trained(out.toString()), Device.CPU);
                var again = Teacher.of(new Losses.Teacher.DinoV2(out.resolve("checkpoints/latest").toString()), Device.CPU);
                var _ = TensorScope.open()) {
            var images = Tensor.zeros(DType.F32, 2, 3, 32, 32);
            var features = trained.features(images, 4, 4, Losses.Match.RESIZE_PICTURE);
            assertThat(features.shape()).containsExactly(2, 16, 16);
            assertThat(features.sameValues(again.features(images, 4, 4, Losses.Match.RESIZE_PICTURE))).isTrue();
        }
    }

    /// Bit for bit, as if it had not been stopped.
    @Test
    void aStoppedRunGoesOn() {
        var recipe = tiny();
        train(recipe, temp.resolve("whole"), Interrupts.none(), 5);
        var interrupts = Interrupts.none();
        interrupts.raise("INT");
        var folder = temp.resolve("parts");
        var stopped = catchThrowableOfType(Interrupted.class, () -> train(recipe, folder, interrupts, 5));
        assertThat(stopped.status()).isEqualTo(130);
        assertThat(stopped.checkpoint()).hasFileName("step-1");
        assertThat(train(recipe, folder, Interrupts.none(), 5)).as("a step is left").isNull();
        for (var file : List.of("model.safetensors", "task.safetensors", "optimizer.safetensors"))
            assertThat(temp.resolve("parts/checkpoints/latest").resolve(file))
                    .hasSameBinaryContentAs(temp.resolve("whole/checkpoints/latest").resolve(file));
    }

    @Test
    void aChangedRecipeIsTakenInOnlyByForce() {
        var out = temp.resolve("run");
        train(tiny(), out, Interrupts.none(), 2);
        var changed = tiny("learning.optimizer={kind: muon}", "learning.steps=4", "logging.tensorboard=false");
        assertThatThrownBy(() -> train(changed, out, Interrupts.none(), 4)).isInstanceOf(UserError.class)
                .hasMessageContaining("learning.steps: now 4, was 6").hasMessageContaining("--resume force");
        assertThatThrownBy(() -> train(tiny(), out, Resume.NO, Interrupts.none(), 4)).isInstanceOf(UserError.class)
                .hasMessageContaining("holds a run already");
        assertThat(train(changed, out, Resume.FORCE, Interrupts.none(), 4)).isNotNull().extracting(TeacherResult::steps).isEqualTo(4L);
    }

    @Test
    void anotherBatchRepeatsNoImageAndLeavesNoneOut() {
        var out = temp.resolve("run");
        train(tiny(), out, Interrupts.none(), 2);
        train(tiny("learning.batch=6"), out, Resume.FORCE, Interrupts.none(), 4);
        train(tiny("learning.batch=2"), out, Resume.FORCE, Interrupts.none(), 6);
        assertThat(MetricsLog.rows(out.resolve("metrics.jsonl"))).extracting(row -> row.get("samples")).filteredOn(Objects::nonNull)
                .containsExactly("0-3", "4-7", "8-13", "14-19", "20-21", "22-23");
    }

    @Test
    void aTeacherThatIsRefusedBlocksNothing() {
        var out = temp.resolve("run");
        try (var start = TeacherStart.in(out, tiny(), Resume.AUTO, _ -> {})) {
            start.refused();
        }
        assertThat(out).doesNotExist();
        TeacherStart.in(out, tiny(), Resume.AUTO, _ -> {}).close(); // as a kill leaves it
        train(tiny("learning.batch=6"), out, Interrupts.none(), 1);
        assertThat(out.resolve("checkpoints/step-1")).isDirectory();
    }

    @Test
    void withoutAFolderRunsStandBesideEachOther() {
        var runs = temp.resolve("runs");
        var said = new ArrayList<String>();
        assertThat(below(runs, tiny(), Resume.AUTO, 2, said)).isEqualTo(runs.resolve("blocks-teacher"));
        assertThat(below(runs, tiny(), Resume.AUTO, 6, said)).as("goes on").isEqualTo(runs.resolve("blocks-teacher"));
        assertThat(below(runs, tiny(), Resume.AUTO, 2, said)).as("that one is finished").isEqualTo(runs.resolve("blocks-teacher-2"));
        assertThat(said).isEmpty();
        assertThat(below(runs, tiny("run.seed=9"), Resume.AUTO, 2, said)).isEqualTo(runs.resolve("blocks-teacher-3"));
        assertThat(said).singleElement().asString().contains("blocks-teacher-2 is of another recipe, so a new one begins", "run.seed");
        assertThat(below(runs, tiny("run.seed=9"), Resume.NO, 2, said)).isEqualTo(runs.resolve("blocks-teacher-4"));
        assertThat(below(runs, tiny("run.seed=8"), Resume.FORCE, 2, said)).isEqualTo(runs.resolve("blocks-teacher-4"));
    }

    private static Path below(Path runs, TeacherRecipe recipe, Resume resume, long upTo, List<String> said) {
        try (var start = TeacherStart.below(runs, recipe, resume, said::add);
                var run = new TeacherRun(start, Interrupts.none(), ProgressLine.silent())) {
            run.run(upTo);
            return start.folder().folder();
        }
    }

    @Test
    void theStateBeforeANumberThatIsNoneIsSaved() {
        var out = temp.resolve("run");
        var wild = tiny("learning.lr=1e30", "learning.warm_up=0", "checkpoints={keep: 9}");
        var thrown = catchThrowableOfType(DivergedException.class, () -> train(wild, out, Interrupts.none(), Long.MAX_VALUE));
        assertThat(thrown).hasMessageContaining("stage 'teacher'").hasMessageContaining("hidden_states");
        assertThat(out.resolve("checkpoints/step-" + thrown.stepsDone())).isDirectory();
    }

    @Test
    void recipesOfTheOtherKindAndBadValuesAreRefused() {
        assertThatThrownBy(() -> TeacherRecipe.find("quickstart", List.of())).isInstanceOf(UserError.class)
                .hasMessageContaining("trains no teacher");
        assertThatThrownBy(() -> tiny("teacher.patch=5")).isInstanceOf(UserError.class).hasMessageContaining("teacher.patch")
                .hasMessageContaining("divide");
        assertThatThrownBy(() -> tiny("learning.tsk=captions")).isInstanceOf(UserError.class).hasMessageContaining("Did you mean 'task'?");
        assertThatThrownBy(() -> tiny("run.precision=bf16")).isInstanceOf(UserError.class).hasMessageContaining("must be f32");
        assertThat(tiny().withMinutes(2.5).learning().steps()).isEqualTo(3);
    }
}
