package dev.fusedit.trainer.plan;

import dev.fusedit.fusion.vision.ClipVisionConfig;
import dev.fusedit.fusion.vision.DinoConfig;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.eval.features.DinoEncoder;
import dev.fusedit.trainer.eval.features.ImageEncoder;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.SuiteFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// What an evaluation by suites on the way needs beside the model: the largest of its encoders, as one is open at a time, in f32.
final class EncoderMemory {
    private static final String REMEDY = "Give a model's folder in Hugging Face's form";
    /// Feature maps of Inception v3 behind its second convolution, the largest: in, out, and what is unfolded for the product.
    private static final long INCEPTION = 5L * 64 * 147 * 147;

    private EncoderMemory() {}

    /// Bytes; 0 where nothing is evaluated, and of files that are not there.
    static long of(Recipe recipe) {
        return recipe.evaluation().watched().stream().flatMap(progress -> progress.files().entrySet().stream()).mapToLong(EncoderMemory::of)
                .max().orElse(0);
    }

    private static long of(Map.Entry<SuiteFile, Path> file) {
        return Float.BYTES * switch (file.getKey()) {
            case CLIP_MODEL -> clip(file.getValue());
            case DINO_MODEL -> dino(file.getValue());
            case INCEPTION -> SavedModel.parameters(file.getValue()) + ImageEncoder.BATCH * INCEPTION;
            case PROMPTS -> 0;
            case GENEVAL_PROMPTS -> 0;
            case REWRITTEN -> 0;
            case DETECTIONS -> 0;
            case DPG_PROMPTS -> 0;
            case DPG_QUESTIONS -> 0;
            case DPG_ANSWERS -> 0;
            case REFERENCE_IMAGES -> 0;
            case CAPTIONED -> 0;
        };
    }

    private static long clip(Path folder) {
        var file = folder.resolve(FolderTensors.CONFIG);
        if (!Files.exists(file)) return 0;
        var config = ClipVisionConfig.of(JsonFile.object(file, REMEDY), file.toString());
        return weights(folder) + work(patches(config.imageSide(), config.patch()), config.hidden(), config.intermediate(), config.heads());
    }

    private static long dino(Path folder) {
        var file = folder.resolve(FolderTensors.CONFIG);
        if (!Files.exists(file)) return 0;
        var config = DinoConfig.of(JsonFile.object(file, REMEDY), file.toString());
        return weights(folder) + work(patches(DinoEncoder.SIDE, config.patch()) + config.registers(), config.hidden(),
                (long) config.mlpRatio() * config.hidden(), config.heads());
    }

    private static long weights(Path folder) {
        return SavedModel.parameters(FolderTensors.weights(folder));
    }

    private static long patches(int side, int patch) {
        long along = Math.max(1, side / patch);
        return along * along + 1;
    }

    /// Numbers of a layer at work on a batch: its MLP, its attention.
    private static long work(long tokens, long hidden, long intermediate, long heads) {
        return ImageEncoder.BATCH * tokens * (3 * intermediate + 4 * hidden + 2 * heads * tokens);
    }
}
