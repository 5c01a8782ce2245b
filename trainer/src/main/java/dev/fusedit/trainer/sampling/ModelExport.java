package dev.fusedit.trainer.sampling;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.PipelineFolder;
import dev.fusedit.fusion.pipeline.PipelineNotes;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.model.PeftFolders;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Sampling;
import dev.fusedit.trainer.recipe.binding.Names;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes a model for others to read. Every folder is there whole in the end, or not at all.
public final class ModelExport {
    private ModelExport() {}

    /// What is written.
    public enum Form {
        /// A pipeline, which [SamplingModel#open] reads and samples the same with; Python as far as its notes say.
        DIFFUSERS,
        /// A pipeline that the paper's code loads and samples the same images with, given the same noise; refused where it could not. It is
        /// sampled as that code does: diffusers' noise levels, Euler's steps.
        REFERENCE,
        /// The model alone, in one folder: `config.json`, `model.safetensors`, the tokenizer.
        SAFETENSORS,
        /// A run's adapters alone ([PeftFolders]).
        PEFT;

        @Override
        public String toString() { return Names.constant(this); }
    }

    /// @param place a run's folder, one of its checkpoints, or a pipeline's folder
    /// @param out new or empty
    /// @param weights null for those that the recipe samples with
    /// @param dtype what weights are stored in; null as they are
    /// @return what of it Python cannot use
    /// @throws UserError if the place holds no model, or `out` something already, or cannot be written to, or the form cannot hold the model
    public static List<String> write(Form form, Path place, Path out, Sampling.@Nullable Weights weights, @Nullable DType dtype) {
        PipelineFolder.requireFree(out);
        SamplingModel.requireModel(place);
        try {
            return switch (form) {
                case DIFFUSERS -> pipeline(place, out, weights, dtype);
                case REFERENCE -> reference(place, out, weights, dtype);
                case SAFETENSORS -> model(place, out, weights, dtype);
                case PEFT -> adapters(place, out, weights, dtype);
            };
        } catch (IOException e) {
            throw WriteFailure.of(out, e);
        }
    }

    private static List<String> pipeline(Path place, Path out, Sampling.@Nullable Weights weights, @Nullable DType dtype)
            throws IOException {
        try (var model = open(place, weights)) {
            PipelineFolder.writeNew(out, model, dtype);
            return PipelineNotes.of(model).limits();
        }
    }

    private static List<String> reference(Path place, Path out, Sampling.@Nullable Weights weights, @Nullable DType dtype)
            throws IOException {
        try (var own = open(place, weights)) {
            var model = own.asThePaper();
            var notes = PipelineNotes.of(model);
            if (!notes.hindrances().isEmpty()) {
                throw new UserError(("%s cannot be exported for the paper's code. --to diffusers writes its parts:%n%s").formatted(place,
                        String.join(System.lineSeparator(), notes.hindrances().stream().map("  "::concat).toList())));
            }
            PipelineFolder.writeNew(out, model, dtype);
            return notes.limits();
        }
    }

    private static List<String> model(Path place, Path out, Sampling.@Nullable Weights weights, @Nullable DType dtype) throws IOException {
        try (var model = open(place, weights)) {
            PipelineFolder.writeModel(out, model, dtype);
            return ImmutableList.of();
        }
    }

    private static List<String> adapters(Path place, Path out, Sampling.@Nullable Weights weights, @Nullable DType dtype) throws IOException {
        if (PipelineFolder.is(place)) {
            throw new UserError("%s is a pipeline, into whose weights adapters are merged. Give the run that trained them".formatted(place));
        }
        try (var model = SavedModel.load(place, weights)) {
            PeftFolders.write(out, model.recipe(), model.bundle().weights(), dtype == null ? DType.F32 : dtype);
            return ImmutableList.of();
        }
    }

    private static LoadedPipeline open(Path place, Sampling.@Nullable Weights weights) {
        if (!PipelineFolder.is(place)) return SamplingModel.pipeline(SavedModel.load(place, weights));
        if (weights != null) {
            throw new UserError("--weights is of runs: %s is a pipeline, which holds its weights once".formatted(place));
        }
        return PipelineFolder.read(place);
    }
}
