package dev.fusedit.trainer.model;

import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;

/// In which dtypes a recipe's weights are stored and multiplied.
public final class Precisions {
    private static final String LLM = "llm.";

    private Precisions() {}

    /// For training: what no stage trains has no master, and of a language model may be held in a smaller dtype.
    public static DTypePolicy of(Recipe recipe) {
        var stages = recipe.stages().stream().map(ParameterGroups::new).toList();
        return held(recipe, of(recipe.run()).training(name -> stages.stream().anyMatch(stage -> stage.of(name) != null)));
    }

    /// The policy with what `weights.llm_dtype` says. That of a file is taken where it is smaller than what is computed in: no number changes.
    static DTypePolicy held(Recipe recipe, DTypePolicy policy) {
        return switch (recipe.weights().llmDtype()) {
            case AUTO -> LanguageFile.of(recipe).map(file -> policy.holding(LLM, file.dtype())).orElse(policy);
            case BF16 -> policy.holding(LLM, DType.BF16);
            case RUN -> policy;
        };
    }

    static DTypePolicy of(Run run) {
        var policy = switch (run.precision()) {
            case AUTO -> throw run.precision().open();
            case F32 -> DTypePolicy.F32;
            case BF16 -> DTypePolicy.MIXED;
            case F16 -> DTypePolicy.HALF;
            case PURE_BF16 -> DTypePolicy.PURE;
            case F64 -> DTypePolicy.F64;
        };
        return policy.on(device(run));
    }

    /// Where a run's tensors are.
    public static Device device(Run run) {
        return switch (run.device()) {
            case CPU -> Device.CPU;
            case CUDA -> Device.cuda(0);
        };
    }

    /// In what Muon multiplies: bf16 is enough for it, unless more is asked of everything.
    public static DType matmulDType(Run.Precision precision) {
        return switch (precision) {
            case AUTO -> throw precision.open();
            case F32 -> DType.F32;
            case F64 -> DType.F64;
            case BF16, F16, PURE_BF16 -> DType.BF16;
        };
    }
}
