package dev.fusedit.nn;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;

/// Where weights live and in what dtypes.
///
/// @param master what the optimizer changes and checkpoints hold
/// @param compute what matrices are multiplied in
public record Placement(DType master, DType compute, Device device) {
    /// f32 throughout, on the CPU.
    public static final Placement F32 = new Placement(DType.F32, DType.F32, Device.CPU);

    /// f32 masters, bf16 products, on the CPU.
    public static final Placement MIXED = new Placement(DType.F32, DType.BF16, Device.CPU);

    public Placement on(Device other) { return new Placement(master, compute, other); }
}
