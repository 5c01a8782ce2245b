package dev.fusedit.torch.internal.abi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.internal.load.LoadedLibrary;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// On a libtorch with CUDA, which need not find a device: `-Dfusedit.libtorch=DIR` with a PyTorch wheel's `torch/lib`.
class CudaSymbolsTest {
    @BeforeAll
    static void aLibtorchWithCuda() {
        assumeTrue(LoadedLibrary.current().hasCuda(), "this libtorch has no CUDA: -Dfusedit.libtorch=DIR names one that has");
    }

    /// Of libtorch for the CPU, of its CUDA libraries and of the CUDA runtime: classes look up all that they bind when they begin.
    @Test
    void everythingThatIsBoundIsThere() throws ClassNotFoundException {
        for (var bound : new Class<?>[] {TorchAbi.class, CudaAbi.class, TorchContext.class, TorchContext.Switch.class}) {
            assertThat(Class.forName(bound.getName(), true, bound.getClassLoader())).isNotNull();
        }
        var all = LoadedLibrary.current().cudaSymbols();
        assertThat(Cuda.names()).hasSizeGreaterThan(20).doesNotHaveDuplicates()
                .allSatisfy(name -> assertThat(all.find(name)).as(name).isPresent());
    }

    @Test
    void theRuntimeBesideItAnswers() {
        assertThat(Cuda.runtimeVersion()).isBetween(12_000, 19_999);
        assertThat(Cuda.driverVersion()).isGreaterThanOrEqualTo(0);
    }

    /// As far as that can be seen before a device was used.
    @Test
    void theAllocatorsFunctionsAreAtTheirPlaces() {
        assumeTrue(LoadedLibrary.current().cudaDevices().orElse(0) == 0, "there are devices: an allocator in use is tested on them");
        assertThat(CudaAllocator.isUsed()).isFalse();
        assertThat(CudaAllocator.isEnabled()).isTrue();
        CudaAllocator.emptyCache();
        assertThat(CudaAllocator.isUsed()).isFalse();
    }

    @Test
    void whatTheRuntimeRefusesIsNamed() {
        assumeTrue(LoadedLibrary.current().cudaDevices().orElse(0) == 0, "there are devices");
        assertThatThrownBy(() -> Cuda.attribute(Cuda.MAJOR, 0)).isInstanceOf(TorchException.class)
                .hasMessageMatching("cudaDeviceGetAttribute: .*(driver|device).*");
    }
}
