package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class GgufFileTest {
    private static final Path SMALL = Goldens.path("gguf/small.gguf");

    @TempDir
    private Path folder;

    @Test
    void dequantisesToTheBitAsTheGgufPackageDoes() {
        try (var file = TensorFiles.open(SMALL); var expected = SafeTensors.open(Goldens.path("gguf/expected.safetensors"))) {
            assertThat(file.names()).isEqualTo(expected.entries().keySet()).hasSize(14);
            for (var name : file.names()) {
                var value = expected.read(name);
                assertThat(file.read(name).to(value.dtype()).sameValues(value)).as(name).isTrue();
            }
        }
    }

    @Test
    void halfPrecisionStaysWhatItIs() {
        try (var file = TensorFiles.open(SMALL)) {
            assertThat(file.read("F16").dtype()).isEqualTo(DType.F16);
            assertThat(file.read("BF16").dtype()).isEqualTo(DType.BF16);
            assertThat(file.info("Q4_K")).hasToString("Q4_K q4_k(5,768)");
        }
    }

    @Test
    void metadataIsTyped() {
        try (var file = GgufFile.open(SMALL)) {
            assertThat(file.values()).containsEntry("golden.text", "grüße").containsEntry("golden.u8", 200L)
                    .containsEntry("golden.i32", -7L)
                    .containsEntry("golden.f32", 0.5).containsEntry("golden.bool", true).containsEntry("golden.u64", 1L << 40)
                    .containsEntry("golden.words", List.of("a", "", "▁word")).containsEntry("golden.numbers", List.of(1L, 2L, 3L));
            assertThat(file.metadata()).containsEntry("golden.i32", "-7").doesNotContainKey("golden.words");
        }
    }

    @Test
    void everyShorterFileIsRefused() throws IOException {
        var bytes = Files.readAllBytes(SMALL);
        for (int length = 0; length < bytes.length; length += length < 2000 ? 1 : 97) {
            var cut = Files.write(folder.resolve("cut.gguf"), java.util.Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> TensorFiles.open(cut).close()).as("%d bytes", length).isInstanceOf(UserError.class)
                    .hasMessageStartingWith(cut + ": ");
        }
    }

    @Test
    void claimsAreHeldAgainstTheFile() throws IOException {
        var bytes = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN).putInt(GgufHeader.MAGIC).putInt(3);
        assertThatThrownBy(() -> open(bytes.putLong(8, 1L << 60))).hasMessageContaining("claims 1152921504606846976 tensors where");
        assertThatThrownBy(() -> open(bytes.putLong(8, 0).putLong(16, -1)))
                .hasMessageContaining("claims 18446744073709551615 metadata values");
        assertThatThrownBy(() -> open(bytes.putLong(16, 1).putLong(24, 1L << 60)))
                .hasMessageContaining("bytes of text where 8 bytes are left");
        assertThatThrownBy(() -> open(bytes.putInt(4, 0x03000000))).hasMessageContaining("big-endian");
    }

    private void open(ByteBuffer bytes) throws IOException {
        TensorFiles.open(Files.write(folder.resolve("bad.gguf"), bytes.array())).close();
    }

    @Test
    void unreadableTypeIsNamed() throws IOException {
        var bytes = ByteBuffer.allocate(96 + 84).order(ByteOrder.LITTLE_ENDIAN).putInt(GgufHeader.MAGIC).putInt(3).putLong(1).putLong(0);
        bytes.putLong(1).put((byte) 'w').putInt(1).putLong(256).putInt(10).putLong(0);
        for (var type : Map.of(10, "q2_k", 77, "type 77", -1, "type 4294967295").entrySet()) {
            var path = Files.write(folder.resolve("listed.gguf"), bytes.putInt(45, type.getKey()).array());
            try (var file = TensorFiles.open(path)) {
                assertThat(file.info("w").stored()).isEqualTo(type.getValue());
                assertThatThrownBy(() -> file.read("w")).isInstanceOf(UserError.class)
                        .hasMessage("%s: tensor 'w' is stored as %s, which is listed, "
                                + "but not loaded; convert it to Q8_0, Q6_K, Q5_K, Q4_K, F16 or F32: llama-quantize, from the file in F16 or F32",
                                path, type.getValue());
            }
        }
        bytes.putInt(45, 10);
        assertThatThrownBy(() -> open(ByteBuffer.wrap(Arrays.copyOf(bytes.array(), 100)))).hasMessageContaining("needs 84 bytes");
        assertThatThrownBy(() -> open(bytes.putInt(45, 12).putLong(37, 100))).hasMessageContaining("rows of 100 values");
        assertThatThrownBy(() -> open(bytes.putLong(37, 1L << 62))).hasMessageContaining("tensor 'w'");
    }
}
