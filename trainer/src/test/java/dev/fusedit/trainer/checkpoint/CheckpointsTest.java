package dev.fusedit.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CheckpointsTest {
    @TempDir
    private Path folder;

    @Test
    void savedIsReadBack() throws IOException {
        var checkpoints = new Checkpoints(folder.resolve("checkpoints"), 2);
        checkpoints.save(7, files("a"));
        var opened = Checkpoint.open(folder.resolve("checkpoints/latest"));
        assertThat(opened.step()).isEqualTo(7);
        assertThat(opened.names()).containsExactly("weights.safetensors", "state.json");
        assertThat(opened.file("state.json")).hasContent("state of a");
        assertThat(Files.readSymbolicLink(folder.resolve("checkpoints/latest"))).hasToString("step-7");
        assertThat(checkpoints.newest()).contains(folder.resolve("checkpoints/step-7"));
        assertThat(folder.resolve("checkpoints")).isDirectoryNotContaining("glob:**.tmp");
        assertThat(opened.folder().toFile().list()).containsExactlyInAnyOrder("weights.safetensors", "state.json", "manifest.json");
        assertThatIllegalArgumentException().isThrownBy(() -> opened.file("other"));
    }

    @Test
    void manifestHasTheSumOfEveryFile() throws IOException {
        Path saved = new Checkpoints(folder, 2).save(1, Map.of("f", out -> {
            out.write(ByteBuffer.wrap(new byte[] {1, 2}));
            out.write(ByteBuffer.wrap(new byte[] {3}));
        }));
        var crc = new CRC32C();
        crc.update(new byte[] {1, 2, 3});
        assertThat(saved.resolve("manifest.json")).content().contains("\"bytes\" : 3", "\"crc32c\" : \"%08x\"".formatted(crc.getValue()));
    }

    @Test
    void newestStayAndOldGo() {
        var checkpoints = new Checkpoints(folder, 2);
        for (int step : new int[] {5, 10, 100, 20}) checkpoints.save(step, files("a"));
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("step-100", "step-20", "latest");
    }

    @Test
    void everyMthStaysForGood() {
        var checkpoints = new Checkpoints(folder, new Checkpoints.Keep(2, 10));
        for (int step = 5; step <= 35; step += 5) checkpoints.save(step, files("a"));
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("step-10", "step-20", "step-30", "step-35", "latest");
    }

    @Test
    void damagedOnesAreSetAsideAndTheirStepIsSavedAgain() throws IOException {
        var checkpoints = new Checkpoints(folder, 3);
        for (int step = 1; step <= 3; step++) checkpoints.save(step, files("a"));
        Files.writeString(folder.resolve("step-3/state.json"), "state of b");
        Files.delete(folder.resolve("step-2/weights.safetensors"));
        var said = new ArrayList<String>();
        assertThat(checkpoints.newestWhole(said::add).orElseThrow().step()).isEqualTo(1);
        assertThat(said).hasSize(2).first().asString().contains("state.json is damaged").endsWith("It is set aside as step-3.damaged");
        assertThat(Checkpoint.open(folder.resolve("latest")).step()).isEqualTo(1);
        checkpoints.save(3, files("c"));
        assertThat(folder.resolve("latest/state.json")).hasContent("state of c");
        Files.delete(folder.resolve("step-3/state.json"));
        checkpoints.newestWhole(said::add);
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("step-1", "step-2.damaged", "step-3.damaged", "step-3.damaged-2",
                "latest");
        Files.delete(folder.resolve("step-1/state.json"));
        assertThatThrownBy(() -> checkpoints.newestWhole(said::add)).isInstanceOf(UserError.class).hasMessageContaining("is whole")
                .hasMessageContaining("state.json is missing");
    }

    @Test
    void whereNoneWasSavedNoneIsFound() { assertThat(new Checkpoints(folder.resolve("none"), 1).newestWhole(_ -> {})).isEmpty(); }

    @Test
    void whatAPersonPutThereStays() throws IOException {
        var checkpoints = new Checkpoints(folder, 1);
        Files.writeString(checkpoints.save(1, files("a")).resolve("notes.txt"), "mine");
        Path foreign = Files.createDirectories(folder.resolve("step-2"));
        Path foreignTmp = Files.createDirectories(folder.resolve("step-3.tmp"));
        Files.writeString(foreign.resolve("x"), "mine");
        Files.writeString(foreignTmp.resolve("x"), "mine");
        checkpoints.save(4, files("b"));
        checkpoints.save(5, files("c"));
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("step-1", "step-2", "step-3.tmp", "step-5", "latest");
        assertThat(Checkpoint.open(folder.resolve("step-1")).names()).hasSize(2);
        assertThatThrownBy(() -> checkpoints.save(3, files("d"))).isInstanceOf(UserError.class)
                .hasMessageContaining("step-3.tmp is in the way");
        assertThatThrownBy(() -> checkpoints.save(2, files("d"))).isInstanceOf(UserError.class).hasMessageContaining("step-2");
    }

    @Test
    void sameStepIsSavedOnce() {
        var checkpoints = new Checkpoints(folder, 2);
        checkpoints.save(3, files("a"));
        checkpoints.save(3, files("b"));
        assertThat(folder.resolve("latest/state.json")).hasContent("state of a");
    }

    /// The heart of it: whatever step fails or is the last one before a kill, what was saved before is whole and found, and the
    /// next save works and leaves nothing behind.
    @ParameterizedTest
    @EnumSource
    void everyFaultLeavesAWholeCheckpoint(FaultyDisk.Fault fault) throws IOException {
        int faults = 0;
        for (int failAt = 1;; failAt++) {
            Path root = folder.resolve(fault + "-" + failAt);
            new Checkpoints(root, 1).save(1, files("first"));
            var disk = new FaultyDisk(fault, failAt);
            boolean saved = trySave(new Checkpoints(root, new Checkpoints.Keep(1, null), disk), 2);

            var latest = Checkpoint.open(root.resolve("latest"));
            var newest = Checkpoint.open(new Checkpoints(root, 1).newest().orElseThrow());
            assertThat(latest.file("state.json")).hasContent(latest.step() == 1 ? "state of first" : "state of second");
            assertThat(newest.step()).isGreaterThanOrEqualTo(latest.step());
            if (saved) assertThat(latest.step()).isEqualTo(2);

            new Checkpoints(root, 1).save(2, files("second"));
            new Checkpoints(root, 1).save(3, files("third"));
            assertThat(Checkpoint.open(root.resolve("latest")).step()).isEqualTo(3);
            assertThat(root.toFile().list()).containsExactlyInAnyOrder("step-3", "latest");
            if (!disk.reached()) break;
            faults++;
        }
        assertThat(faults).isGreaterThan(20);
    }

    // ---- parts of other processes

    private static Parts written(Checkpoints checkpoints, long step, String label) throws IOException {
        var folder = checkpoints.beginParts(step, List.of("part-1", "part-2"));
        assertThat(Parts.isSeen(folder)).isTrue();
        return new Parts(folder, List.of(Parts.write(folder, "part-1", Content.of(label + " 1")),
                Parts.write(folder, "part-2", Content.of(label + " 2"))));
    }

    @Test
    void partsAreOfTheCheckpoint() throws IOException {
        var checkpoints = new Checkpoints(folder, 1);
        var parts = written(checkpoints, 4, "of four");
        assertThat(checkpoints.newest()).as("nothing has the final name yet").isEmpty();
        checkpoints.save(4, files("a"), parts);
        var opened = Checkpoint.open(folder.resolve("latest"));
        assertThat(opened.names()).containsExactly("weights.safetensors", "state.json", "part-1", "part-2");
        assertThat(opened.file("part-2")).hasContent("of four 2");
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("step-4", "latest");
    }

    @Test
    void partsThatAreNotSavedGo() throws IOException {
        var checkpoints = new Checkpoints(folder, 1);
        var first = written(checkpoints, 1, "a");
        var second = written(checkpoints, 2, "b");
        assertThat(first.folder()).as("of a run that was killed").doesNotExist();
        checkpoints.discardParts(second.folder());
        assertThat(folder).isEmptyDirectory();
        Files.writeString(written(checkpoints, 3, "c").folder().resolve("notes.txt"), "mine");
        checkpoints.save(3, files("c"));
        assertThat(folder).isDirectoryContaining(path -> path.getFileName().toString().startsWith("step-3.parts-"));
    }

    /// After any fault the same parts can be saved again, unless the process was killed.
    @ParameterizedTest
    @EnumSource
    void everyFaultLeavesAWholeCheckpointOrItsParts(FaultyDisk.Fault fault) throws IOException {
        for (int failAt = 1;; failAt++) {
            Path root = folder.resolve(fault + "-" + failAt);
            new Checkpoints(root, 1).save(1, files("first"));
            var parts = written(new Checkpoints(root, 1), 2, "x");
            var disk = new FaultyDisk(fault, failAt);
            boolean isKilled = false;
            try {
                new Checkpoints(root, new Checkpoints.Keep(1, null), disk).save(2, files("second"), parts);
            } catch (UserError _) {
                // the disk was full
            } catch (FaultyDisk.Killed _) {
                isKilled = true;
            }
            var newest = Checkpoint.open(new Checkpoints(root, 1).newest().orElseThrow());
            assertThat(newest.names()).hasSize(newest.step() == 1 ? 2 : 4);
            if (isKilled) parts = written(new Checkpoints(root, 1), 2, "x");
            new Checkpoints(root, 1).save(2, files("second"), parts);
            assertThat(Checkpoint.open(root.resolve("latest")).file("part-1")).hasContent("x 1");
            assertThat(root.toFile().list()).containsExactlyInAnyOrder("step-2", "latest");
            if (!disk.reached()) break;
        }
    }

    /// @return whether the save claims to have worked
    private static boolean trySave(Checkpoints checkpoints, long step) {
        try {
            checkpoints.save(step, files("second"));
            return true;
        } catch (UserError e) {
            assertThat(e).hasMessageContaining("step-" + step).hasMessageContaining("the disk is full. Free some space");
            return false;
        } catch (FaultyDisk.Killed _) {
            return false;
        }
    }

    @Test
    void fullDiskGivesItsSpaceBack() {
        new Checkpoints(folder, 1).save(1, files("first"));
        assertThatThrownBy(() -> new Checkpoints(folder, new Checkpoints.Keep(1, null), new FaultyDisk(FaultyDisk.Fault.FULL, 7)).save(2,
                files("second")))
                .isInstanceOf(UserError.class);
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("step-1", "latest");
    }

    @Test
    void damageIsNamed() throws IOException {
        Path saved = new Checkpoints(folder, 1).save(1, files("a"));
        Files.writeString(saved.resolve("state.json"), "state of b");
        assertThatThrownBy(() -> Checkpoint.open(saved)).isInstanceOf(UserError.class)
                .hasMessageContaining("state.json is damaged: its CRC32C is ");
        Files.writeString(saved.resolve("state.json"), "short");
        assertThatThrownBy(() -> Checkpoint.open(saved)).hasMessageContaining("state.json has 5 bytes, but was saved with 10");
        Files.delete(saved.resolve("state.json"));
        assertThatThrownBy(() -> Checkpoint.open(saved)).hasMessageContaining("state.json is missing");
    }

    @Test
    void badManifestIsNamed() throws IOException {
        Path saved = new Checkpoints(folder, 1).save(1, files("a"));
        Path manifest = saved.resolve("manifest.json");
        String good = Files.readString(manifest);
        Map<String,
                String> bad = Map.of("{", "manifest.json:1:2: is not valid JSON", "{}", "manifest.json: format is missing",
                        good.replace("fusedit-checkpoint", "x"),
                        "not that of a fusedit checkpoint",
                        good.replace("\"version\" : 1", "\"version\" : 2"), "version 2", good.replace("state.json", "../state.json"),
                        "no file name");
        for (var entry : bad.entrySet()) {
            Files.writeString(manifest, entry.getKey());
            assertThatThrownBy(() -> Checkpoint.open(saved)).isInstanceOf(UserError.class).hasMessageContaining(entry.getValue());
        }
        Files.delete(manifest);
        assertThatThrownBy(() -> Checkpoint.open(saved)).isInstanceOf(UserError.class).hasMessageContaining("is no checkpoint");
    }

    @Test
    void checkpointIsFoundFromEveryFolderAbove() {
        new Checkpoints(folder.resolve("checkpoints"), 2).save(1, files("a"));
        Path latest = folder.resolve("checkpoints/latest");
        assertThat(Checkpoints.find(folder)).isEqualTo(latest);
        assertThat(Checkpoints.find(folder.resolve("checkpoints"))).isEqualTo(latest);
        assertThat(Checkpoints.find(latest)).isEqualTo(latest);
        assertThat(Checkpoints.find(folder.resolve("checkpoints/step-1"))).isEqualTo(folder.resolve("checkpoints/step-1"));
        assertThatThrownBy(() -> Checkpoints.find(folder.resolve("none"))).isInstanceOf(UserError.class)
                .hasMessageContaining("no such folder");
        assertThatThrownBy(() -> Checkpoints.find(folder.resolve("checkpoints/step-1/state.json"))).hasMessageContaining("is a file");
        assertThatThrownBy(() -> Checkpoints.find(folder.getParent())).isInstanceOf(UserError.class)
                .hasMessageContaining("holds no checkpoint");
    }

    @Test
    void fileNamesAreChecked() {
        var checkpoints = new Checkpoints(folder, 1);
        for (String name : new String[] {"../x", "a/b", "manifest.json", "", ".hidden"})
            assertThatIllegalArgumentException().isThrownBy(() -> checkpoints.save(1, Map.of(name, Content.of("x"))));
    }

    static Map<String, Content> files(String label) {
        var files = new LinkedHashMap<String, Content>();
        files.put("weights.safetensors", Content.of(new byte[1000]));
        files.put("state.json", Content.of("state of " + label));
        return files;
    }
}
