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
