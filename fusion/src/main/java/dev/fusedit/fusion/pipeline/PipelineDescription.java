package dev.fusedit.fusion.pipeline;

import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.SchedulerConfigs;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.torch.io.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// What a pipeline's folder says of the parts around its transformer. No tensor is read.
///
/// @param schedulerFile that says what the output means
/// @param prediction what the network's output means for sampling
/// @param vaeFile the autoencoder's configuration, whether there is one or not
/// @param vae empty for a model of pixels
public record PipelineDescription(String schedulerFile, Prediction prediction, String vaeFile, Optional<AutoencoderConfig> vae) {
    /// The scheduler's field.
    public static final String PREDICTION = "prediction_type";
    private static final String REMEDY = "A pipeline needs it: fetch its folder anew";

    /// @throws dev.fusedit.torch.UserError if a file is missing or broken
    public static PipelineDescription read(Path folder) {
        var scheduler = folder.resolve(PipelineFolder.SCHEDULER).resolve(PipelineFolder.SCHEDULER_CONFIG);
        var json = JsonFile.object(scheduler, REMEDY);
        SchedulerConfigs.scheduler(json, scheduler.toString());
        var vae = folder.resolve(PipelineFolder.VAE).resolve(PipelineFolder.CONFIG);
        var config = Files.isRegularFile(vae) ? Optional.of(AutoencoderConfig.of(JsonFile.object(vae, REMEDY), vae.toString()))
                : Optional.<AutoencoderConfig>empty();
        return new PipelineDescription(scheduler.toString(), SchedulerConfigs.prediction(json, scheduler.toString()), vae.toString(),
                config);
    }

    /// As the scheduler's file has it.
    public static String word(Prediction prediction) {
        return switch (prediction) {
            case Prediction.Velocity() -> "velocity";
            case Prediction.EdmPreconditioned() -> "velocity";
            case Prediction.X0WithVLoss _ -> "sample";
            case Prediction.X0() -> "sample";
        };
    }
}
