package dev.fusedit.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.ReferenceRecipe;
import dev.fusedit.trainer.recipe.Training;
import dev.fusedit.trainer.sampling.CheckpointImport;
import dev.fusedit.trainer.sampling.CheckpointImport.Description;
import dev.fusedit.trainer.sampling.CheckpointImport.Places;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "import",
        description = {"Makes a pipeline's folder, for sample, eval and serve, of the weights of a model.",
            "Of a checkpoint of the paper's reference (ema.pt.zst, model.pt.zst, .pt, safetensors, or its folder), of what",
            "'export --to safetensors' wrote, or of a pipeline that lacks parts. A run needs no import."})
final class ImportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "PATH", description = "A file of weights, or a folder with one.")
    private Path from;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A folder that is new or empty.")
    private Path out;

    @ArgGroup
    private @Nullable Describing describing;

    /// One of these.
    static final class Describing {
        @Option(names = "--config", required = true, paramLabel = "FILE",
                description = "The model's config.json. Default: the one beside the weights, or in the folder above.")
        private @Nullable Path config;

        @Option(names = "--recipe", required = true, paramLabel = "RECIPE", completionCandidates = RecipeNames.class,
                description = "A recipe that describes the model, and how it is sampled.")
        private @Nullable String recipe;

        @Option(names = "--reference-config", required = true, paramLabel = "FILE",
                description = "The configuration file of the paper's reference that the model was trained by.")
        private @Nullable Path referenceConfig;
    }

    @Option(names = "--llm", paramLabel = "PLACE",
            description = "The language model of a baseline, whose weights lack it: a Hugging Face folder or a GGUF file. Of a folder the "
                    + "tokenizer is taken too.")
    private @Nullable Path llm;

    @Option(names = "--vae", paramLabel = "PLACE",
            description = "The autoencoder: its folder in diffusers' form, or that of a pipeline that has one. Without it the model must be "
                    + "of pixels.")
    private @Nullable Path vae;

    @Option(names = "--clip", paramLabel = "PLACE", description = "The CLIP text model that some read captions by: a Hugging Face folder.")
    private @Nullable Path clip;

    @Option(names = "--tokenizer", paramLabel = "PLACE",
            description = "A tokenizer.json, or its folder. Default: that of --llm, else one beside the weights.")
    private @Nullable Path tokenizer;

    @Option(names = "--dtype", paramLabel = "DTYPE",
            description = "What weights are stored in: ${COMPLETION-CANDIDATES}. Default: matrices as the configuration says, else f32.")
    private @Nullable FloatDtype dtype;

    @Option(names = "--json", description = "One object, for programs.")
    private boolean json;

    @Override
    public Integer call() {
        var err = spec.commandLine().getErr();
        var notes = new CheckpointImport(from, description(), new Places(llm, vae, clip, tokenizer), err::println).write(out,
                dtype == null ? null : dtype.dtype());
        spec.commandLine().getOut().println(json ? JsonNodeFactory.instance.objectNode().put("folder", out.toString()) : out);
        notes.limits().forEach(err::println);
        return ExitCode.OK;
    }

    private Description description() {
        if (describing == null) return new Description.Files(null);
        if (describing.recipe != null) {
            return switch (Training.find(describing.recipe, List.of())) {
                case Training.OfModel(var recipe) -> new Description.ByRecipe(recipe, false);
                case Training.OfTeacher _ -> throw new UserError("--recipe: '%s' trains a teacher, and no model that generates images"
                        .formatted(describing.recipe));
            };
        }
        if (describing.referenceConfig != null) {
            var read = ReferenceRecipe.read(describing.referenceConfig, List.of());
            return new Description.ByRecipe(read.recipe(), true);
        }
        return new Description.Files(describing.config);
    }
}
