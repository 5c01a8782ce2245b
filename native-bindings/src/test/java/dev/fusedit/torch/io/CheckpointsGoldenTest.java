package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Files that Python wrote, whole and damaged.
@ExtendWith(NoTensorLeaks.class)
class CheckpointsGoldenTest {
    private static final Path FOLDER = Goldens.path("checkpoints");

    @TempDir
    private Path folder;

    @Test
    void zipHasEveryValue() { compare("nested.pt", "nested/", 14); }

    @Test
    void legacyHasEveryValue() { compare("nested_legacy.pt", "nested/", 14); }

    @Test
    void zstdHasEveryValue() { compare("ema.pt.zst", "ema/", 3); }

    @Test
    void shardsHaveEveryValue() { compare("sharded/model.safetensors.index.json", "sharded/", 4); }

    @Test
    void bf16HasEveryValue() { compare("bf16.safetensors", "bf16/", 3); }

    private static void compare(String name, String prefix, int count) {
        try (var file = TensorFiles.open(FOLDER.resolve(name)); var expected = SafeTensors.open(FOLDER.resolve("expected.safetensors"))) {
            var compared = 0;
            for (var key : expected.entries().keySet()) {
                if (key.startsWith(prefix)) {
                    var own = key.substring(prefix.length());
                    var value = expected.read(key);
                    var read = file.read(file.names().contains(own) ? own : "model." + own);
                    assertThat(read.dtype() == DType.BF16 ? read.to(DType.F32).sameValues(value) : read.sameValues(value)).as(key).isTrue();
                    assertThat(read.isContiguous()).isTrue();
                    compared++;
                }
            }
            assertThat(compared).isEqualTo(count);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nested.pt", "nested_legacy.pt"})
    void otherValuesAndShapes(String name) throws IOException {
        var expected = JsonMapper.builder().build().readTree(FOLDER.resolve("expected.json").toFile()).get("nested").get("tensors");
        try (var file = (PtFile) TensorFiles.open(FOLDER.resolve(name))) {
            assertThat(file.values()).containsEntry("step", 1234L).containsEntry("note", "text").containsEntry("none", null)
                    .containsEntry("flag", true)
                    .containsEntry("floats.0", 1.5).containsEntry("floats.1", Double.POSITIVE_INFINITY)
                    .containsEntry("optimizer.param_groups.0.lr", 1e-4).containsEntry("optimizer.param_groups.0.betas.1", 0.999);
            assertThat(file.read("optimizer.state.0.step").item()).isEqualTo(7);
            for (var entry : expected.properties()) {
                assertThat(file.info("model." + entry.getKey()).shape()).as(entry.getKey())
                        .isEqualTo(entry.getValue().get("shape").valueStream().mapToLong(JsonNode::longValue).toArray());
            }
        }
    }

    @Test
    void oneViewCanBeReadBeforeTheWhole() {
        try (var file = TensorFiles.open(FOLDER.resolve("nested.pt"))) {
            var rows = file.read("model.shared.rows_2_4");
            assertThat(rows.sameValues(file.read("model.shared.full").narrow(0, 2, 2).contiguous())).isTrue();
            assertThat(rows.sameValues(file.read("model.shared.t").transpose(0, 1).narrow(0, 2, 2).contiguous())).isTrue();
        }
    }

    static Stream<Path> corrupt() throws IOException { return Files.list(FOLDER.resolve("corrupt")).sorted(); }

    /// The outcome is in expected.json; what Python loads with a wrong value, and what it has no verdict on, is refused.
    @ParameterizedTest
    @MethodSource("corrupt")
    void damageIsAnErrorThatNamesTheFile(Path original) throws IOException {
        var name = original.getFileName().toString();
        var verdict = JsonMapper.builder().build().readTree(FOLDER.resolve("expected.json").toFile()).get("corrupt").get(name);
        assertThat(verdict).as("verdict on %s", name).isNotNull();
        var path = name.startsWith("index_") ? besideShards(original) : original;
        if (verdict.get("loads").asBoolean() && !verdict.has("same_values")) {
            assertThatCode(() -> readAll(path)).doesNotThrowAnyException();
        } else {
            assertThatThrownBy(() -> readAll(path)).isInstanceOf(UserError.class).hasMessageStartingWith(path + ": ")
                    .message().hasSizeBetween(path.toString().length() + 10, path.toString().length() + 400);
        }
    }

    private Path besideShards(Path index) throws IOException {
        try (var files = Files.list(FOLDER.resolve("sharded"))) {
            for (var file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        return Files.copy(index, folder.resolve("model.safetensors.index.json"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    private static void readAll(Path path) {
        try (var file = TensorFiles.open(path); var _ = TensorScope.open()) {
            file.names().forEach(file::read);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"unsafe_global.pt|names os.getenv, which is neither", "zip_flipped_crc.pt|the file is corrupt",
        "zip_truncated_tail.pt|cut short",
        "legacy_truncated.pt|cut short", "legacy_bad_magic.pt|magic number", "ema_truncated.pt.zst|cut short or corrupt",
        "ema_plain_not_zstd.pt.zst|does not begin as a zstd file", "empty.pt|is empty", "text.pt|is a text, not a file of tensors"})
    void causeIsNamed(String fileAndCause) {
        var parts = fileAndCause.split("\\|");
        assertThatThrownBy(() -> readAll(FOLDER.resolve("corrupt").resolve(parts[0]))).hasMessageContaining(parts[1]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"index_missing_shard.json|model-00009-of-00002.safetensors not beside the index",
        "index_path_escape.json|the index's own folder",
        "index_wrong_tensor.json|nope in model-00001-of-00002.safetensors not where the index says"})
    void causeInAnIndexIsNamed(String fileAndCause) throws IOException {
        var parts = fileAndCause.split("\\|");
        var path = besideShards(FOLDER.resolve("corrupt").resolve(parts[0]));
        assertThatThrownBy(() -> readAll(path)).hasMessageContaining(parts[1]);
    }
}
