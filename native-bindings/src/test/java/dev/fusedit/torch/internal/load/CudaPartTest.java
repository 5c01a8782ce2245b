package dev.fusedit.torch.internal.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.LibtorchUnavailable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CudaPartTest {
    private static final SymbolLookup CPU = name -> name.equals("cpu") ? Optional.of(MemorySegment.ofAddress(1)) : Optional.empty();
    private static final List<Path> FILES = List.of(Path.of("libc10_cuda.so"), Path.of("libtorch_cuda.so"));

    private final List<Path> opened = new ArrayList<>();

    private SymbolLookup open(Path file) {
        opened.add(file);
        return name -> name.equals(file.toString()) ? Optional.of(MemorySegment.ofAddress(2)) : Optional.empty();
    }

    @Test
    void itsFilesAreOpenedInOrderOnceAndWhenAskedFor() {
        var part = new CudaPart(CPU, FILES, this::open);
        assertThat(part.isBuilt()).isTrue();
        assertThat(opened).isEmpty();
        assertThat(part.symbols().find("libtorch_cuda.so")).isPresent();
        assertThat(part.symbols().find("cpu")).as("with what was open before").isPresent();
        assertThat(opened).isEqualTo(FILES);
    }

    @Test
    void aBuildForTheCpuHasNone() {
        var part = new CudaPart(CPU, List.of(), this::open);
        assertThat(part.isBuilt()).isFalse();
        assertThat(part.devices()).isEmpty();
        part.openWithDriver();
        assertThat(opened).isEmpty();
    }

    @Test
    void aFailureIsToldToEveryoneWhoAsks() {
        var part = new CudaPart(CPU, FILES, file -> {
            opened.add(file);
            throw new LibtorchUnavailable("Cannot open " + file);
        });
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(part::devices).isInstanceOf(LibtorchUnavailable.class).hasMessage("Cannot open libc10_cuda.so");
        }
        assertThat(opened).hasSize(1);
    }
}
