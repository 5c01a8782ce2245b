package dev.fusedit.trainer.bench;

import com.google.common.collect.ImmutableMap;
import java.util.OptionalDouble;

/// What a GPU's data sheet promises of matmuls in bf16 with sums in f32, without sparsity: the divisor of MFU (model FLOPs utilization).
///
/// Data sheets print the sparse figure, which is twice as high, for most of these.
final class DensePeak {
    /// Floating-point operations a second by the name that the driver has for a device.
    private static final ImmutableMap<String, Double> BF16 = ImmutableMap.<String, Double>builder()
            .put("NVIDIA A100-SXM4-40GB", 312e12).put("NVIDIA A100-SXM4-80GB", 312e12).put("NVIDIA A100-PCIE-40GB", 312e12)
            .put("NVIDIA A100 80GB PCIe", 312e12)
            .put("NVIDIA H100 80GB HBM3", 989.4e12).put("NVIDIA H100 PCIe", 756e12).put("NVIDIA H100 NVL", 835e12)
            .put("NVIDIA H200", 989.4e12).put("NVIDIA GH200 480GB", 989.4e12)
            .put("NVIDIA B200", 2250e12).put("NVIDIA L4", 121e12).put("NVIDIA L40S", 362e12)
            .buildOrThrow();

    private DensePeak() {}

    /// @return empty for a device that is not known: a wrong divisor is worse than none
    static OptionalDouble bf16(String device) {
        var known = BF16.get(device);
        return known == null ? OptionalDouble.empty() : OptionalDouble.of(known);
    }
}
