package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
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
import org.junit.jupiter.params.provider.ValueSource;

class TensorFilesTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"checkpoints/nested.pt,pt", "checkpoints/nested_legacy.pt,pt-legacy", "checkpoints/ema.pt.zst,pt-zst",
        "checkpoints/bf16.safetensors,safetensors",
        "gguf/small.gguf,gguf"})
    void contentDecides(String golden, String kind) throws IOException {
        var nameless = Files.copy(Goldens.path(golden), folder.resolve("weights.bin"));
        try (var file = TensorFiles.open(nameless)) {
            assertThat(file.kind()).isEqualTo(kind);
            assertThat(file.path()).isEqualTo(nameless);
        }
    }

    /// The length of a safetensors header comes first; these begin as a pickle does, and as a zip.
    @ParameterizedTest
    @ValueSource(ints = {0x0280, 0x0580, 0x04034b50})
    void lengthThatLooksLikeAnotherFormat(int length) throws IOException {
        var bytes = ByteBuffer.allocate(8 + length).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
        bytes.put("{}".getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
            bytes.put((byte) ' ');
        }
        try (var file = TensorFiles.open(Files.write(folder.resolve("weights.bin"), bytes.array()))) {
            assertThat(file.kind()).isEqualTo("safetensors");
        }
    }

    @Test
    void whatIsThereToOpenIsSaid() {
        assertThatThrownBy(() -> TensorFiles.open(folder)).isInstanceOf(UserError.class)
                .hasMessage(folder + ": is a folder, a file is needed");
        assertThatThrownBy(() -> TensorFiles.open(folder.resolve("no.pt"))).isInstanceOf(UserError.class)
                .hasMessageEndingWith("no.pt: no such file");
    }

    @Test
    void absentTensorIsNamed() {
        try (var file = TensorFiles.open(Goldens.path("checkpoints/bf16.safetensors"))) {
            assertThatThrownBy(() -> file.read("w")).isInstanceOf(UserError.class).hasMessageContaining("has no tensor 'w' among its 3");
        }
    }
}
