package dev.fusedit.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.torch.DType;
import dev.fusedit.trainer.recipe.Sampling;
import dev.fusedit.trainer.recipe.binding.Names;
import dev.fusedit.trainer.sampling.SamplingModel;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "export", description = "Writes a trained model as a pipeline in diffusers' form, for sample and for Python's libraries.")
final class ExportCommand implements Callable<Integer> {
    private enum Stored {
        F32, BF16;

        @Override
        public String toString() { return Names.constant(this); }
    }

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "DIR", description = "A run's folder, or one of its checkpoints.")
    private Path model;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A folder that is new or empty.")
    private Path out;

    @Option(names = "--weights", paramLabel = "WEIGHTS",
            description = "The moving average of the weights, or as trained last: ${COMPLETION-CANDIDATES}. Default: the recipe's.")
    private Sampling.@Nullable Weights weights;

    @Option(names = "--dtype", defaultValue = "f32", paramLabel = "DTYPE",
            description = "What weights are stored in: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Stored dtype;

    @Option(names = "--adapters",
            description = "The adapters (LoRA) alone, in PEFT's form, a folder for each part. Without it they are merged into the weights.")
    private boolean adapters;

    @Option(names = "--json", description = "One object, for programs.")
    private boolean json;

    @Override
    public Integer call() {
        var stored = switch (dtype) {
            case F32 -> DType.F32;
            case BF16 -> DType.BF16;
        };
        if (adapters) {
            SamplingModel.exportAdapters(model, out, weights, stored);
            tell();
            return ExitCode.OK;
        }
        var notes = SamplingModel.export(model, out, weights, stored);
        tell();
        notes.limits().forEach(spec.commandLine().getErr()::println);
        return ExitCode.OK;
    }

    private void tell() {
        spec.commandLine().getOut()
                .println(json ? JsonNodeFactory.instance.objectNode().put("folder", out.toString()).put("adapters", adapters) : out);
    }
}
