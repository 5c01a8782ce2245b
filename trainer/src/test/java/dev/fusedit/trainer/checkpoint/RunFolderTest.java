package dev.fusedit.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
    @TempDir
    private Path folder;

    @Test
    void newRunHasItsRecipe() {
        var run = RunFolder.create(folder.resolve("a/b"), "run: {}\n");
        assertThat(run.recipe()).hasContent("run: {}\n");
        assertThat(run.isFinished()).isFalse();
        run.write(run.result(), "{}".getBytes());
        assertThat(RunFolder.open(folder.resolve("a/b")).isFinished()).isTrue();
        assertThat(run.folder().toFile().list()).containsExactlyInAnyOrder("recipe.yaml", "result.json");
    }

    @Test
    void placesInUseAreRefused() throws IOException {
        RunFolder.create(folder.resolve("run"), "x");
        assertRefused(folder.resolve("run"), "holds a run already");
        Files.writeString(Files.createDirectories(folder.resolve("photos")).resolve("cat.png"), "");
        assertRefused(folder.resolve("photos"), "is not empty and not a run's");
        Files.writeString(folder.resolve("file"), "");
        assertRefused(folder.resolve("file"), "is a file");
        assertRefused(folder.resolve("file/below"), "");
        Files.createSymbolicLink(folder.resolve("dangling"), Path.of("nowhere"));
        assertRefused(folder.resolve("dangling"), "is in the way");
        assertThat(folder.resolve("photos").toFile().list()).containsExactly("cat.png");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void unwritablePlaceIsRefused() { assertRefused(Path.of("/proc/fusedit"), "cannot be used"); }

    // ---- before the first step

    @Test
    void whatWasRefusedLeavesNothing() throws IOException {
        var place = folder.resolve("runs/new");
        try (var run = RunFolder.begin(place, "x")) {
            run.lock();
            Files.writeString(run.metrics(), "");
            Files.writeString(Files.createDirectories(run.events()).resolve("events.out.tfevents.1796004000.fusedit.0000"), "header");
            run.withdraw();
        }
        assertThat(folder.resolve("runs")).doesNotExist();

        Files.createDirectories(folder.resolve("mine"));
        try (var run = RunFolder.begin(folder.resolve("mine"), "x")) {
            run.withdraw();
        }
        assertThat(folder.resolve("mine")).as("it was there before").isEmptyDirectory();
    }

    /// A kill, or a full disk, before anything was trained.
    @Test
    void whatAKillLeftBeforeTheFirstStepIsTaken() throws IOException {
        RunFolder.create(folder.resolve("killed"), "old").close();
        Files.writeString(folder.resolve("killed/metrics.jsonl"), "");
        try (var run = RunFolder.begin(folder.resolve("killed"), "new")) {
            assertThat(run.recipe()).hasContent("new");
            assertThatThrownBy(() -> RunFolder.begin(folder.resolve("killed"), "third")).isInstanceOf(UserError.class)
                    .hasMessageContaining("is in use");
        }
        Files.writeString(Files.createDirectories(folder.resolve("torn")).resolve(".recipe.yaml.tmp"), "");
        RunFolder.begin(folder.resolve("torn"), "new").close();
    }

    @Test
    void whatWasTrainedOrIsAPersonsIsNeither() throws IOException {
        for (var file : new String[] {"notes.txt", "checkpoints/step-1/x", "metrics.jsonl", "tensorboard/other"}) {
            var place = folder.resolve(file.replace('/', '-'));
            try (var run = RunFolder.create(place, "x")) {
                Files.createDirectories(place.resolve(file).getParent());
                Files.writeString(place.resolve(file), "{}\n");
                run.withdraw();
            }
            assertThat(place.resolve(file)).exists();
            assertThatThrownBy(() -> RunFolder.begin(place, "y")).isInstanceOf(UserError.class).hasMessageContaining("holds a run already");
        }
    }

    @Test
    void onlyRunsAreOpened() {
        assertThatThrownBy(() -> RunFolder.open(folder)).isInstanceOf(UserError.class).hasMessageContaining("no recipe.yaml");
        assertThatThrownBy(() -> RunFolder.open(folder.resolve("none"))).isInstanceOf(UserError.class)
                .hasMessageContaining("no such folder");
    }

    private static void assertRefused(Path place, String why) {
        assertThatThrownBy(() -> RunFolder.create(place, "x")).isInstanceOf(UserError.class).hasMessageContaining("output folder " + place)
                .hasMessageContaining(why);
    }
}
