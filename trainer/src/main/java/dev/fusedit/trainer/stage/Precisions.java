package dev.fusedit.trainer.stage;

import dev.fusedit.nn.Placement;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;

/// In which dtypes a recipe's weights are stored and multiplied.
public final class Precisions {
    private Precisions() {}

    /// For training: what no stage trains has no master.
    public static Placement of(Recipe recipe) {
        var stages = recipe.stages().stream().map(LearningGroups::new).toList();
        return of(recipe.run()).learning(name -> stages.stream().anyMatch(stage -> stage.of(name) != null));
    }

    static Placement of(Run run) {
        var placement = switch (run.precision()) {
            case AUTO -> throw run.precision().open();
            case F32 -> Placement.F32;
            case BF16 -> Placement.MIXED;
            case F16 -> Placement.HALF;
            case PURE_BF16 -> Placement.PURE;
            case F64 -> Placement.F64;
        };
        return switch (run.device()) {
            case CPU -> placement;
            case CUDA -> placement.on(Device.cuda(0));
        };
    }

    /// In what Muon multiplies: bf16 is enough for it, unless more is asked of everything.
    static DType products(Run.Precision precision) {
        return switch (precision) {
            case AUTO -> throw precision.open();
            case F32 -> DType.F32;
            case F64 -> DType.F64;
            case BF16, F16, PURE_BF16 -> DType.BF16;
        };
    }
}
