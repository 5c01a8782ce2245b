package dev.fusedit.trainer.serve;

import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.trainer.sampling.ModelFingerprint;
import java.io.IOException;
import java.nio.file.Path;

/// The model that a server samples with.
///
/// @param name that clients know it by
/// @param pipeline stays its owner's; tensors of it are used on the maker's thread alone
public record ServedModel(String name, LoadedPipeline pipeline, ModelFingerprint fingerprint) {
    /// Called as its folder is; a checkpoint as its run's.
    ///
    /// @param place as for [dev.fusedit.trainer.sampling.SamplingModel#open], which opened the model
    public static ServedModel of(Path place, LoadedPipeline model) {
        return new ServedModel(name(place), model, ModelFingerprint.of(model));
    }

    private static String name(Path place) {
        var real = real(place);
        var parent = real.getParent();
        if (parent != null && parent.endsWith("checkpoints") && parent.getParent() != null) real = parent.getParent();
        return real.getFileName() == null ? "model" : real.getFileName().toString();
    }

    private static Path real(Path place) {
        try {
            return place.toRealPath();
        } catch (IOException _) {
            return place.toAbsolutePath().normalize();
        }
    }
}
