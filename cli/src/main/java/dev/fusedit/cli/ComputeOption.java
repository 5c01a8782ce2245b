package dev.fusedit.cli;

import dev.fusedit.torch.Device;
import picocli.CommandLine.Option;

/// Where a command computes that is about no model that was trained.
final class ComputeOption {
    @Option(names = "--device", paramLabel = "DEVICE", converter = DeviceOption.Devices.class, defaultValue = "cpu",
            description = "Where to compute: cpu, cuda or cuda:N (default: ${DEFAULT-VALUE}).")
    private Device device;

    /// @throws dev.fusedit.torch.LibtorchUnavailable if it cannot be used here
    Device device() { return device.available(); }
}
