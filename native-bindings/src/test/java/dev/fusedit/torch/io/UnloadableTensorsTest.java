package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// What cannot be loaded is listed nevertheless; only loading refuses it.
class UnloadableTensorsTest {
    @TempDir
    private Path folder;

    private Path safetensors(String dtype, int elements, int bytes) throws IOException {
        var header = "{\"w\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,%d]}}".formatted(dtype, elements, bytes)
                .getBytes(StandardCharsets.UTF_8);
        var file = ByteBuffer.allocate(8 + header.length + bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).put(header);
        return Files.write(folder.resolve(dtype + ".safetensors"), file.array());
    }

    @ParameterizedTest
    @CsvSource({"F8_E4M3,4,4", "F8_E5M2,4,4", "F8_E8M0,4,4", "F8_E4M3FNUZ,4,4", "F8_E5M2FNUZ,4,4", "F6_E2M3,4,3", "F6_E3M2,4,3", "F4,4,2",
        "F4,3,2",
        "U16,4,8", "U32,4,16", "U64,4,32", "NEW_DTYPE,4,7"})
    void dtypesOfSafetensorsAreListed(String dtype, int elements, int bytes) throws IOException {
        var path = safetensors(dtype, elements, bytes);
        try (var file = TensorFiles.open(path)) {
            assertThat(FileInfo.of(file).dtypes()).containsOnlyKeys(dtype.toLowerCase(java.util.Locale.ROOT));
            assertThat(file.info("w")).hasToString("w %s(%d)".formatted(dtype.toLowerCase(java.util.Locale.ROOT), elements));
            assertThat(file.info("w").isLoadable()).isFalse();
            assertThatThrownBy(() -> file.read("w")).isInstanceOf(UserError.class).hasMessageStartingWith(
                    "%s: tensor 'w' is stored as %s, which is listed, but not loaded; take the model in BF16", path,
                    dtype.toLowerCase(java.util.Locale.ROOT));
            assertThatThrownBy(() -> FileInfo.sha256(file)).isInstanceOf(UserError.class).hasMessageContaining("tensor 'w' is stored as");
        }
    }

    @ParameterizedTest
    @CsvSource({"F8_E4M3,4,5", "U32,4,8", "F4,4,4"})
    void theirSizesAreChecked(String dtype, int elements, int bytes) throws IOException {
        var path = safetensors(dtype, elements, bytes);
        assertThatThrownBy(() -> TensorFiles.open(path)).isInstanceOf(UserError.class).hasMessageContaining("its shape and dtype need");
    }

    // ---- GGUF

    private static void text(ByteArrayOutputStream out, String text) throws IOException {
        out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length()).array());
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] ints(int... values) {
        var bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int value : values) {
            bytes.putInt(value);
        }
        return bytes.array();
    }

    /// One tensor of 512 elements.
    private Path gguf(int type, int bytes, int part, int parts) throws IOException {
        var out = new ByteArrayOutputStream();
        out.write(ints(GgufHeader.MAGIC, 3, 1, 0, 2, 0));
        for (var entry : new Object[][] {{"split.no", part}, {"split.count", parts}}) {
            text(out, (String) entry[0]);
            out.write(ints(4, (int) entry[1]));
        }
        text(out, "token_embd.weight");
        out.write(ints(2, 256, 0, 2, 0, type, 0, 0));
        out.write(new byte[(32 - out.size() % 32) % 32 + bytes]);
        return Files.write(folder.resolve("m.gguf"), out.toByteArray());
    }

    @ParameterizedTest
    @EnumSource
    void everyQuantisationIsListed(GgmlType type) throws IOException {
        int bytes = 512 / type.blockValues() * type.blockBytes();
        int code = code(type);
        try (var file = TensorFiles.open(gguf(code, bytes, 0, 1))) {
            assertThat(file.tensors().values()).singleElement().hasToString("token_embd.weight " + type + "(2,256)");
            assertThat(file.incomplete()).isEmpty();
            if (!file.info("token_embd.weight").isLoadable()) {
                assertThatThrownBy(() -> file.read("token_embd.weight")).isInstanceOf(UserError.class)
                        .hasMessageContaining("is stored as " + type + ", which is listed, but not loaded; convert it to Q8_0");
            }
        }
        var cut = gguf(code, bytes - 1, 0, 1);
        assertThatThrownBy(() -> TensorFiles.open(cut)).isInstanceOf(UserError.class).hasMessageContaining("cut short");
    }

    private static int code(GgmlType type) {
        for (int code = 0; code < 100; code++) {
            if (GgmlType.of(code).filter(type::equals).isPresent()) {
                return code;
            }
        }
        throw new AssertionError(type);
    }

    // ---- parts

    @Test
    void aPartSaysThatItIsOne() throws IOException {
        var path = gguf(0, 2048, 0, 2);
        try (var file = TensorFiles.open(path)) {
            assertThat(file.names()).hasSize(1);
            assertThatThrownBy(file::requireWhole).isInstanceOf(UserError.class)
                    .hasMessage(path + ": is part 1 of 2 of a model. Join the parts: llama-gguf-split --merge FIRST-PART WHOLE.gguf");
        }
        var shard = Files.move(safetensors("F32", 4, 16), folder.resolve("model-00002-of-00003.safetensors"));
        try (var file = TensorFiles.open(shard)) {
            assertThat(file.incomplete())
                    .hasValue("is part 2 of 3 of a model. Give its folder, or the index, model.safetensors.index.json");
        }
        try (var file = TensorFiles.open(Files.move(shard, folder.resolve("model-00001-of-00001.safetensors")))) {
            assertThat(file.incomplete()).isEmpty();
        }
    }
}
