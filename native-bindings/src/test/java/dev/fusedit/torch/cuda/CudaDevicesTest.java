package dev.fusedit.torch.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class CudaDevicesTest {
    /// True on machines with and without a GPU: devices, or a reason why there are none, and nothing on standard error.
    @Test
    void noDeviceIsANormalCase() {
        var before = System.err;
        var written = new ByteArrayOutputStream();
        System.setErr(new PrintStream(written));
        try {
            var found = CudaDevices.find();
            assertThat(found.devices().isEmpty()).isEqualTo(!found.reason().isEmpty());
            assertThat(found.devices()).allSatisfy(device -> {
                assertThat(device.name()).isNotBlank();
                assertThat(device.memory()).isPositive().isGreaterThanOrEqualTo(device.free());
                assertThat(device.capability()).matches("\\d+\\.\\d");
            });
            assertThat(CudaDevices.find().reason()).isEqualTo(found.reason());
            if (found.devices().isEmpty()) {
                assertThat(found.reason()).contains("NVIDIA driver");
            }
        } finally {
            System.setErr(before);
        }
        assertThat(written.toString()).isEmpty();
    }
}
