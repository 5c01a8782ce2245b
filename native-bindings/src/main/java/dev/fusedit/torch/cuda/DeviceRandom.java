package dev.fusedit.torch.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.internal.abi.Cuda;

/// A CUDA device's own generator: Philox, whose numbers are a function of seed and offset. The offset counts what each thread of a kernel has
/// drawn, so a run that goes on draws what it would have drawn.
///
/// A run's noise is not drawn here but on the CPU ([dev.fusedit.torch.Seed]), so that it is the same on every device.
///
/// @param seed of `torch.cuda.manual_seed`
/// @param offset a multiple of 4
public record DeviceRandom(long seed, long offset) {
    private static final int EACH = 4;

    public DeviceRandom {
        checkArgument(offset >= 0 && offset % EACH == 0, "the offset of a device's draws is a multiple of %s, got %s", EACH, offset);
    }

    /// Where a device's generator is.
    ///
    /// @throws dev.fusedit.torch.LibtorchUnavailable as [Device#available]
    public static DeviceRandom of(Device device) {
        requireCuda(device);
        var both = Cuda.seedAndOffset(device.available().index());
        return new DeviceRandom(both[0], both[1]);
    }

    /// Sets a device's generator to here.
    ///
    /// @throws dev.fusedit.torch.LibtorchUnavailable as [Device#available]
    public void set(Device device) {
        requireCuda(device);
        Cuda.seed(device.available().index(), seed, offset);
    }

    private static void requireCuda(Device device) {
        checkArgument(!device.isCpu(), "the CPU's generator has no offset: draw by a Seed");
    }
}
