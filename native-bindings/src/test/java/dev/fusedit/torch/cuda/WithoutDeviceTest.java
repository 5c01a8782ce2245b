package dev.fusedit.torch.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TorchException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A libtorch with CUDA on a machine without a device: `-Dfusedit.libtorch=DIR` with a PyTorch wheel's `torch/lib`.
@ExtendWith(NoTensorLeaks.class)
class WithoutDeviceTest {
    @BeforeAll
    static void cudaButNoDevice() {
        assumeTrue(CudaDevices.isBuilt(), "this libtorch has no CUDA: -Dfusedit.libtorch=DIR names one that has");
        assumeTrue(CudaDevices.usable() == 0, "there are devices");
    }

    @Test
    void whoAsksForADeviceIsToldWhyThereIsNone() {
        assertThat(CudaDevices.reason()).isNotBlank();
        for (ThrowingCallable way : List.<ThrowingCallable>of(() -> Accelerator.of(Device.cuda(0)), () -> CudaDevices.properties(0),
                () -> DeviceRandom.of(Device.cuda(0)), () -> new DeviceRandom(1, 0).set(Device.cuda(0)))) {
            assertThatThrownBy(way).isInstanceOf(LibtorchUnavailable.class)
                    .hasMessageContaining("finds no CUDA device: " + CudaDevices.reason()).message().doesNotContain("\n");
        }
    }

    /// Every call refuses; none ends the process.
    @Test
    void everyCallOfTheRuntimeIsRefusedInWords() {
        var runtime = new CudaRuntime(0);
        for (ThrowingCallable call : List.<ThrowingCallable>of(runtime::currentStream, runtime::poolStream,
                () -> runtime.synchronizeStream(0),
                () -> runtime.newEvent(true), () -> runtime.pinned(DType.U8, 3), runtime::synchronize)) {
            assertThatThrownBy(call).isInstanceOf(TorchException.class);
        }
        new CudaMemory(0).emptyCache();
    }
}
