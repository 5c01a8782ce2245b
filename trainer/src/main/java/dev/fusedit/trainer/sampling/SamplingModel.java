package dev.fusedit.trainer.sampling;

import com.google.common.hash.Hashing;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.PipelineFolder;
import dev.fusedit.torch.StartingMemory;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.Host;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.model.SavedModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// Whatever a person can sample with: a run's folder, one of its checkpoints, or a pipeline in diffusers' form.
public final class SamplingModel {
    private SamplingModel() {}

    /// Where a model computes: on the device that a person asks for, else on the one that it was trained on if that is here, else on the CPU; a
    /// pipeline does not say what it was trained on.
    ///
    /// @throws UserError naming what is wrong with the place
    public static Device device(Path place, Optional<Device> asked) {
        requireModel(place);
        return asked.orElseGet(() -> PipelineFolder.is(place) ? Device.CPU : SavedModel.device(place));
    }

    /// On the device that it was trained on if that is here, else on the CPU.
    ///
    /// @throws UserError as [#open(Path, Optional)]
    public static LoadedPipeline open(Path place) { return open(place, Optional.empty()); }

    /// Where bf16 or f16 is slow here it computes in f32, so images differ in their last digits from a machine where it is not.
    ///
    /// @param device empty for that of [#open(Path)]; a pipeline does not say what it was trained on
    /// @throws UserError naming what is wrong with the place
    public static LoadedPipeline open(Path place, Optional<Device> device) {
        requireModel(place);
        if (PipelineFolder.is(place)) {
            return PipelineFolder.read(place, own -> own.on(device.orElse(own.device())).sampling(parameters(place),
                    Host.here().memory().available()));
        }
        if (Files.isDirectory(place) && !Checkpoints.isIn(place)) {
            throw new UserError(("%s holds nothing to sample with: neither a checkpoint (a run's folder, or one of its checkpoints) nor a "
                    + "pipeline (a folder with a model_index.json)").formatted(place));
        }
        var opened = pipeline(SavedModel.loadForSampling(place, device));
        StartingMemory.giveBack();
        return opened;
    }

    /// @throws UserError that says how to make a model's folder, if the place holds bare weights
    public static void requireModel(Path place) {
        if (CheckpointImport.isFor(Checkpoints.meant(place))) throw CheckpointImport.insteadOf(place);
    }

    /// What tells a model from others: its place, and its files' names, sizes and times. A run that trained on is another model.
    ///
    /// @param place as for [#open]
    public static String identity(Path place) {
        var folder = PipelineFolder.is(place) ? place : Checkpoints.find(place);
        var hash = Hashing.sha256().newHasher();
        try (var files = Files.walk(folder.toRealPath())) {
            for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
                hash.putString(file + "\n", StandardCharsets.UTF_8).putLong(Files.size(file))
                        .putLong(Files.getLastModifiedTime(file).toMillis());
            }
        } catch (IOException | UncheckedIOException e) {
            throw new UserError("%s cannot be listed: %s".formatted(folder, e.getMessage()), e);
        }
        return hash.hash().toString();
    }

    private static long parameters(Path pipeline) {
        return Stream.of("transformer", "llm", "text_encoder").map(pipeline::resolve).filter(Files::isDirectory)
                .mapToLong(part -> SavedModel.parameters(FolderTensors.weights(part))).sum();
    }

    static LoadedPipeline pipeline(SavedModel.Loaded saved) {
        try {
            return RunPipeline.of(saved.recipe(), saved.bundle());
        } catch (RuntimeException e) {
            saved.close();
            throw e;
        }
    }
}
