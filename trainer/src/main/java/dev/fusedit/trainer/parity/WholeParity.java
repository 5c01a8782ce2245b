package dev.fusedit.trainer.parity;

import dev.fusedit.fusion.parity.Parity;
import dev.fusedit.fusion.parity.ParityReport;
import dev.fusedit.fusion.parity.Suite;
import dev.fusedit.torch.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Compares all that this project computes with golden numbers: the models' own suites, and those of the trainer.
public final class WholeParity {
    private static final List<Suite> SUITES = List.of(
            Suite.of(LearningRatesCase::is, LearningRatesCase::run),
            Suite.of(MetricsCase::is, MetricsCase::run),
            Suite.of(ImageFilesCase::is, ImageFilesCase::run));

    private WholeParity() {}

    /// As [Parity#run]; the trainer's own suites are compared on the CPU.
    public static ParityReport run(List<Path> folders, Map<String, Path> tokenizers, Device device) {
        return Parity.run(folders, SUITES, tokenizers, device);
    }
}
