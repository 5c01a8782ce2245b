package dev.fusedit.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// File systems that have not all that Linux's own have.
class LatestTest {
    private static final Checkpoints.Keep ONE = new Checkpoints.Keep(1, null);

    @TempDir
    private Path folder;

    /// What refuses links, and how.
    private enum Refusal {
        VFAT {
            @Override
            void link(Path link) throws IOException { throw new FileSystemException(link.toString(), null, "Operation not permitted"); }
        },
        SMB {
            @Override
            void link(Path link) throws IOException { throw new FileSystemException(link.toString(), null, "Operation not supported"); }
        },
        SDCARD {
            @Override
            void link(Path link) throws IOException { throw new AccessDeniedException(link.toString()); }
        },
        FULL {
            @Override
            void link(Path link) throws IOException { throw new IOException("No space left on device"); }
        },
        JAVA {
            @Override
            void link(Path link) { throw new UnsupportedOperationException(); }
        };

        abstract void link(Path link) throws IOException;
    }

    /// A real disk but for links.
    private record WithoutLinks(Refusal refusal) implements Disk {
        @Override
        public void createDirectory(Path directory) throws IOException { REAL.createDirectory(directory); }

        @Override
        public Written write(Path file, Content content) throws IOException { return REAL.write(file, content); }

        @Override
        public void rename(Path from, Path to) throws IOException { REAL.rename(from, to); }

        @Override
        public void link(Path link, Path target) throws IOException { refusal.link(link); }

        @Override
        public void sync(Path directory) throws IOException { REAL.sync(directory); }

        @Override
        public void delete(Path file) throws IOException { REAL.delete(file); }
    }

    @ParameterizedTest
    @EnumSource(names = "FULL", mode = EnumSource.Mode.EXCLUDE)
    void whereThereAreNoLinksLatestIsAFile(Refusal refusal) throws IOException {
        var root = folder.resolve("checkpoints");
        var checkpoints = new Checkpoints(root, ONE, new WithoutLinks(refusal));
        for (int step : new int[] {1, 2, 3}) {
            assertThat(checkpoints.save(step, CheckpointsTest.files("a"))).isEqualTo(root.resolve("step-" + step));
        }
        assertThat(root.toFile().list()).containsExactlyInAnyOrder("step-3", "latest");
        assertThat(root.resolve("latest")).isRegularFile().hasContent("step-3");
        for (var place : new Path[] {folder, root, root.resolve("latest")}) {
            assertThat(Checkpoints.find(place)).isEqualTo(root.resolve("step-3"));
        }
        assertThat(Checkpoints.isIn(folder)).isTrue();
        assertThat(checkpoints.newestWhole(_ -> {}).orElseThrow().step()).isEqualTo(3);

        Files.writeString(root.resolve("step-3/state.json"), "damaged");
        new Checkpoints(root, new Checkpoints.Keep(2, null)).save(4, CheckpointsTest.files("b"));
        assertThat(root.resolve("latest")).as("elsewhere a link takes its place").isSymbolicLink();
        Files.writeString(root.resolve("step-4/state.json"), "damaged");
        assertThatThrownBy(() -> new Checkpoints(root, ONE, new WithoutLinks(refusal)).newestWhole(_ -> {})).isInstanceOf(UserError.class);
    }

    /// As a synchronised folder or an archive may leave it.
    @Test
    void aLatestThatLeadsNowhereIsPassedOver() throws IOException {
        new Checkpoints(folder, ONE).save(5, CheckpointsTest.files("a"));
        Files.delete(folder.resolve("latest"));
        for (var text : new String[] {"step-4\n", "../elsewhere", "", "x".repeat(1000)}) {
            Files.writeString(folder.resolve("latest"), text);
            assertThat(Checkpoints.find(folder)).isEqualTo(folder.resolve("step-5"));
            assertThatThrownBy(() -> Checkpoints.find(folder.resolve("latest"))).isInstanceOf(UserError.class)
                    .hasMessageContaining("is a file");
        }
    }

    /// Full is another thing than unable.
    @Test
    void aFullDiskIsNoReasonForAFile() {
        var checkpoints = new Checkpoints(folder, ONE, new WithoutLinks(Refusal.FULL));
        assertThatThrownBy(() -> checkpoints.save(1, CheckpointsTest.files("a"))).isInstanceOf(UserError.class)
                .hasMessageContaining("the disk is full");
    }

    // ---- letters

    @Test
    void namesThatDifferInCaseAloneAreRefused() throws IOException {
        var files = new LinkedHashMap<String, Content>(Map.of("state.json", Content.of("x")));
        files.put("State.json", Content.of("y"));
        assertThatIllegalArgumentException().isThrownBy(() -> new Checkpoints(folder, ONE).save(1, files))
                .withMessageContaining("tate.json");
        var saved = new Checkpoints(folder, ONE).save(1, CheckpointsTest.files("a"));
        var manifest = saved.resolve("manifest.json");
        Files.writeString(manifest, Files.readString(manifest).replace("weights.safetensors", "STATE.json"));
        assertThatThrownBy(() -> Checkpoint.open(saved)).isInstanceOf(UserError.class).hasMessageContaining("in other letters");
    }

    // ---- locks

    @Test
    void aFileSystemWithoutLocksIsWorkedOn() throws IOException {
        var tried = new ArrayList<String>();
        for (var words : new String[] {"No locks available", "Function not implemented", "Operation not supported"}) {
            assertThat(FolderLock.take(() -> {
                tried.add(words);
                throw new IOException(words);
            }, folder)).isTrue();
        }
        assertThat(tried).hasSize(3);
        assertThat(FolderLock.take(() -> false, folder)).isFalse();
        assertThatThrownBy(() -> FolderLock.take(() -> {
            throw new IOException("Input/output error");
        }, folder)).isInstanceOf(IOException.class);
    }
}
