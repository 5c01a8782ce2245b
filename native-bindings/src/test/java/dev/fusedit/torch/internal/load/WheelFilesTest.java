package dev.fusedit.torch.internal.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.LibtorchUnavailable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WheelFilesTest {
    @TempDir
    Path packages;
    private Path lib;

    @BeforeEach
    void makeAWheel() throws IOException {
        lib = Files.createDirectories(packages.resolve("torch/lib"));
        for (var name : new String[] {"libc10.so", "libtorch_cpu.so", "libgomp.so.1"}) {
            Files.createFile(lib.resolve(name));
        }
        var runtime = Files.createDirectories(packages.resolve("nvidia/cuda_runtime/lib"));
        Files.createFile(runtime.resolve("libcudart.so.12"));
        Files.writeString(packages.resolve("torch/version.py"), "__version__ = '2.10.0+cu128'\ncuda = '12.8'\n");
    }

    @Test
    void cudaLibrariesOfSiblingPackagesComeFirst() {
        assertThat(WheelFiles.find(lib).inOrder()).extracting(file -> file.getFileName().toString())
                .containsExactly("libgomp.so.1", "libcudart.so.12", "libc10.so", "libtorch_cpu.so");
    }

    /// As wheels for CUDA 13 have it: one folder for all of NVIDIA's libraries.
    @Test
    void cuda13LiesInAFolderOfItsOwn() throws IOException {
        Files.delete(packages.resolve("nvidia/cuda_runtime/lib/libcudart.so.12"));
        var cuda13 = Files.createDirectories(packages.resolve("nvidia/cu13/lib"));
        for (var name : new String[] {"libcudart.so.13", "libcupti.so.13", "libnvtx3interop.so.1", "libcublas.so.13"}) {
            Files.createFile(cuda13.resolve(name));
        }
        Files.createFile(lib.resolve("libtorch_cuda.so"));
        Files.createFile(lib.resolve("libc10_cuda.so"));
        var found = WheelFiles.find(lib);
        assertThat(found.inOrder()).extracting(file -> file.getFileName().toString())
                .containsExactly("libgomp.so.1", "libcudart.so.13", "libcupti.so.13", "libc10.so", "libtorch_cpu.so");
        assertThat(found.cuda()).extracting(file -> file.getFileName().toString())
                .containsExactly("libc10_cuda.so", "libtorch_cuda.so", "libnvtx3interop.so.1");
    }

    @Test
    void theFolderAroundLibWillDo() { assertThat(WheelFiles.find(lib.getParent())).isEqualTo(WheelFiles.find(lib)); }

    @Test
    void aBuildForTheCpuHasNoCuda() { assertThat(WheelFiles.find(lib).cuda()).isEmpty(); }

    @Test
    void missingFileIsNamedWithTheFolderAndTheRemedy() throws IOException {
        Files.delete(lib.resolve("libc10.so"));
        assertThatThrownBy(() -> WheelFiles.find(lib)).isInstanceOf(LibtorchUnavailable.class)
                .hasMessageContaining("no libc10.so in " + lib).hasMessageContaining("FUSEDIT_LIBTORCH");
        assertThatThrownBy(() -> WheelFiles.find(packages.resolve("nowhere"))).isInstanceOf(LibtorchUnavailable.class)
                .hasMessageContaining("nowhere, which is not a folder");
    }

    @Test
    void unsupportedVersionIsToldBeforeAnythingIsOpened() throws IOException {
        Files.writeString(packages.resolve("torch/version.py"), "__version__ = '2.9.1+cpu'\n");
        assertThatThrownBy(() -> WheelFiles.find(lib)).isInstanceOf(LibtorchUnavailable.class)
                .hasMessageStartingWith("libtorch 2.9.1+cpu in " + lib).hasMessageContaining("2.10 to 2.13");
    }

    @Test
    void archiveTellsItsVersionToo() throws IOException {
        Files.delete(packages.resolve("torch/version.py"));
        Files.writeString(packages.resolve("torch/build-version"), "2.14.0+cpu\n");
        assertThatThrownBy(() -> WheelFiles.find(lib)).hasMessageStartingWith("libtorch 2.14.0+cpu in ");
    }
}
