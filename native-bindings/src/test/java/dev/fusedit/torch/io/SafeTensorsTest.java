package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class SafeTensorsTest {
    private static Path folder() throws URISyntaxException {
        return Path.of(Objects.requireNonNull(SafeTensorsTest.class.getResource("/safetensors")).toURI());
    }

    static Stream<Path> files(boolean good) throws Exception {
        try (var files = Files.list(folder())) {
            return files.filter(file -> file.getFileName().toString().startsWith("st_ok_") == good).sorted().toList().stream();
        }
    }

    static Stream<Path> broken() throws Exception { return files(false); }

    static Stream<Path> borderline() throws Exception { return files(true); }

    @ParameterizedTest
    @MethodSource("broken")
    void aBrokenFileIsRefusedByName(Path file) {
        assertThatThrownBy(() -> {
            try (var _ = TensorScope.open(); var tensors = SafeTensors.open(file)) { // a dtype that is not known is refused when it is read
                tensors.names().forEach(tensors::read);
            }
        }).isInstanceOf(UserError.class).hasMessageStartingWith(file.toString());
    }

    @ParameterizedTest
    @MethodSource("borderline")
    void anOddButRightFileIsRead(Path file) {
        try (var tensors = SafeTensors.open(file)) {
            tensors.entries().forEach((name, entry) -> assertThat(tensors.read(name).shape()).isEqualTo(entry.shape()));
        }
    }

    @Test
    void whatIsWrittenIsRead(@TempDir Path folder) throws IOException {
        var path = folder.resolve("all.safetensors");
        var written = new LinkedHashMap<String, Tensor>();
        for (var dtype : DType.values()) {
            if (dtype != DType.C128) { // the format has no word for it
                written.put("a." + dtype, Tensor.arange(6).reshape(2, 3).to(dtype));
            }
        }
        written.put("scalar", Tensor.scalar(2.5, DType.F32));
        written.put("empty", Tensor.zeros(DType.F32, 0, 3));
        written.put("turned", Tensor.randn(Seed.of(1), DType.F32, 4, 5).transpose(0, 1));
        SafeTensors.write(path, written, Map.of("format", "pt", "note", "ä\"\n"));
        try (var file = SafeTensors.open(path)) {
            assertThat(file.metadata()).containsEntry("note", "ä\"\n").hasSize(2);
            assertThat(file.entries().keySet()).containsExactlyInAnyOrderElementsOf(written.keySet());
            written.forEach((name, tensor) -> assertThat(file.read(name).sameValues(tensor)).as(name).isTrue());
            file.entries().forEach((name, entry) -> assertThat(entry.begin() % file.info(name).dtype().bytes()).isZero());
            assertThatThrownBy(() -> file.read("nothing")).isInstanceOf(UserError.class).hasMessageContaining("'nothing'");
        }
    }

    @Test
    void aFileThatShrinksMeanwhileIsAnError(@TempDir Path folder) throws IOException {
        var path = folder.resolve("shrinks.safetensors");
        SafeTensors.write(path, Map.of("x", Tensor.zeros(DType.F32, 100_000)), Map.of());
        try (var file = SafeTensors.open(path); var channel = Files.newByteChannel(path, java.nio.file.StandardOpenOption.WRITE)) {
            channel.truncate(1000);
            var before = TensorScope.live();
            assertThatThrownBy(() -> file.read("x")).isInstanceOf(UserError.class).hasMessageContaining("shortened");
            assertThat(TensorScope.live()).isEqualTo(before);
        }
    }

    @Test
    void aClaimedSizeIsNotBelieved(@TempDir Path folder) throws IOException {
        var header = "{\"x\":{\"dtype\":\"F32\",\"shape\":[1152921504606846976],\"data_offsets\":[0,4611686018427387904]}}";
        assertThatThrownBy(() -> SafeTensors.open(file(folder, header)).close()).isInstanceOf(UserError.class)
                .hasMessageContaining("4611686018427387904");
    }

    @Test
    void textAfterTheHeaderIsRefused(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> SafeTensors.open(file(folder, "{} x")).close()).isInstanceOf(UserError.class)
                .hasMessageContaining("not valid JSON");
        assertThatThrownBy(() -> SafeTensors.open(file(folder, " {}")).close()).isInstanceOf(UserError.class).hasMessageContaining("'{'");
        assertThatThrownBy(() -> SafeTensors.open(file(folder, "{\"a\":".repeat(5000))).close()).isInstanceOf(UserError.class);
    }

    @Test
    void notThereIsSaid(@TempDir Path folder) {
        assertThatThrownBy(() -> SafeTensors.open(folder.resolve("none"))).isInstanceOf(UserError.class)
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> SafeTensors.open(folder)).isInstanceOf(UserError.class).hasMessageStartingWith(folder.toString());
    }

    private static Path file(Path folder, String header) throws IOException {
        var text = header.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        var bytes = ByteBuffer.allocate(8 + text.length).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).put(text).array();
        return Files.write(folder.resolve("f" + Arrays.hashCode(bytes)), bytes);
    }
}
