package dev.fusedit.torch.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.Device;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

/// Switches that every libtorch has.
class SwitchesTest {
    @Test
    void anAttentionKernelIsAloneForAWhile() {
        var before = AttentionKernel.allowed();
        try (var _ = AttentionKernel.CUDNN.alone()) {
            assertThat(AttentionKernel.allowed()).containsExactly(AttentionKernel.CUDNN);
            try (var _ = AttentionKernel.MATH.alone()) {
                assertThat(AttentionKernel.allowed()).containsExactly(AttentionKernel.MATH);
            }
            assertThat(AttentionKernel.allowed()).containsExactly(AttentionKernel.CUDNN);
        }
        assertThat(AttentionKernel.allowed()).isEqualTo(before).isEqualTo(EnumSet.allOf(AttentionKernel.class));
    }

    @Test
    void tf32IsOffForMatmulsUntilItIsAllowed() {
        assertThat(Tf32.matmuls()).isFalse();
        Tf32.allowMatmuls(true);
        assertThat(Tf32.matmuls()).isTrue();
        Tf32.allowMatmuls(false);
        assertThat(Tf32.matmuls()).isFalse();
        Tf32.allowConvolutions(true);
    }

    @Test
    void rangesAreNothingOnTheCpu() {
        try (var outer = Nvtx.range(Device.CPU, "step"); var inner = Nvtx.range(Device.CPU, "update")) {
            assertThat(outer).isSameAs(inner);
        }
    }

    @Test
    void aDevicesDrawsHaveASeedAndAnOffset() {
        assertThat(new DeviceRandom(7, 8).offset()).isEqualTo(8);
        assertThatThrownBy(() -> new DeviceRandom(7, 6)).hasMessageContaining("multiple of 4");
        assertThatThrownBy(() -> new DeviceRandom(7, 8).set(Device.CPU)).hasMessageContaining("Seed");
        assertThatThrownBy(() -> DeviceRandom.of(Device.CPU)).hasMessageContaining("Seed");
    }

    @Test
    void versionsOfCudaAreReadable() {
        assertThat(CudaDevices.version(12080)).isEqualTo("12.8");
        assertThat(CudaDevices.version(13000)).isEqualTo("13.0");
    }
}
