package dev.fusedit.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.fusion.pipeline.PipelineFolder;
import dev.fusedit.torch.DType;
import dev.fusedit.trainer.recipe.Sampling;
import dev.fusedit.trainer.sampling.ModelExport;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "export", description = "Writes a trained model for others: a pipeline in diffusers' form, the paper's, safetensors, PEFT.")
final class ExportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = "A run's folder, one of its checkpoints, or a pipeline's folder.")
    private Path model;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A folder that is new or empty.")
    private Path out;

    @Option(names = "--to", paramLabel = "FORM",
            description = {"What is written, one of ${COMPLETION-CANDIDATES} (default: diffusers):",
                "diffusers: a pipeline, which samples the same images here, and of which Python uses what it knows.",
                "reference: a pipeline that the paper's code loads and samples the same images with; refused where it cannot.",
                "safetensors: the model alone, config.json beside its weights and tokenizer.",
                "peft: a run's adapters (LoRA) alone, a folder for each part. In the other forms they are merged into the weights."})
    private ModelExport.@Nullable Form form;

    @Option(names = "--weights", paramLabel = "WEIGHTS",
            description = "The moving average of the weights, or as trained last: ${COMPLETION-CANDIDATES}. Default: the recipe's.")
    private Sampling.@Nullable Weights weights;

    @Option(names = "--dtype", paramLabel = "DTYPE",
            description = "What weights are stored in: ${COMPLETION-CANDIDATES}. Default: f32; of a pipeline its matrices as they are.")
    private @Nullable FloatDtype dtype;

    @Option(names = "--adapters", hidden = true, description = "The former word for --to peft.")
    private boolean adapters;

    @Option(names = "--json", description = "One object, for programs.")
    private boolean json;

    @Override
    public Integer call() {
        if (adapters && form != null && form != ModelExport.Form.PEFT) {
            throw new ParameterException(spec.commandLine(), "--adapters is --to peft: leave one of them out");
        }
        var chosen = adapters ? ModelExport.Form.PEFT : form == null ? ModelExport.Form.DIFFUSERS : form;
        var stored = dtype != null ? dtype.dtype() : PipelineFolder.is(model) ? null : DType.F32;
        var notes = ModelExport.write(chosen, model, out, weights, stored);
        spec.commandLine().getOut().println(json
                ? JsonNodeFactory.instance.objectNode().put("folder", out.toString()).put("form", chosen.toString())
                        .put("adapters", chosen == ModelExport.Form.PEFT)
                : out);
        notes.forEach(spec.commandLine().getErr()::println);
        return ExitCode.OK;
    }
}
