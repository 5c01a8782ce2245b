package dev.fusedit.cli;

import dev.fusedit.torch.Device;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// Where a command computes. That is the machine's matter: what was trained on a GPU serves on a CPU, and the other way round.
final class DeviceOption {
    @Option(names = "--device", paramLabel = "DEVICE", converter = Devices.class,
            description = "Where to compute: cpu, cuda or cuda:N. Default: what the model was trained on where libtorch finds that, else cpu.")
    private @Nullable Device device;

    /// `cuda:1`
    static final class Devices implements ITypeConverter<Device> {
        @Override
        public Device convert(String value) {
            try {
                return Device.parse(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    boolean isGiven() { return device != null; }

    /// @return empty if nothing was asked for
    /// @throws dev.fusedit.torch.LibtorchUnavailable if it cannot be used here
    Optional<Device> asked() { return Optional.ofNullable(device).map(Device::available); }

    /// For what knows of no model that was trained.
    ///
    /// @throws dev.fusedit.torch.LibtorchUnavailable as [#asked]
    Device orCpu() { return asked().orElse(Device.CPU); }
}
