package dev.fusedit.trainer.run;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Lanes;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.Stage;
import org.jspecify.annotations.Nullable;

/// What a recipe leaves to the machine (`auto`), decided: the precision by a short measurement, the lanes by a rule. A run's folder holds
/// what was decided, so that the run goes on in the same way, on another machine too.
///
/// @param recipe with nothing left open
/// @param rates that the precision was decided by, or that a precision of the recipe's own was looked at with; null where there was nothing
///        to measure (f32, f64, CUDA)
public record AutoSettings(Recipe recipe, @Nullable MatmulRates rates) {
    /// Measures if the recipe leaves its precision open, or asks for one that may be slow here; less than a second.
    public static AutoSettings of(Recipe recipe) {
        var run = recipe.run();
        int lanes = run.lanes().orElseGet(() -> lanes(recipe));
        var rates = rates(recipe, lanes);
        var precision = run.precision() != Run.Precision.AUTO ? run.precision() : rates == null ? Run.Precision.BF16 : rates.choice();
        return new AutoSettings(recipe.withRun(run.with(precision, lanes)), rates);
    }

    private static @Nullable MatmulRates rates(Recipe recipe, int lanes) {
        return switch (recipe.run().device()) {
            case CUDA -> null;
            case CPU -> switch (recipe.run().precision()) {
                case AUTO, BF16, PURE_BF16 -> MatmulRates.of(recipe, lanes, DType.F32, DType.BF16);
                case F16 -> MatmulRates.of(recipe, lanes, DType.F32, DType.F16);
                case F32, F64 -> null;
            };
        };
    }

    /// The recipe alone. Measures only if it leaves its precision open.
    public static Recipe settle(Recipe recipe) {
        var run = recipe.run();
        if (run.precision() == Run.Precision.AUTO) {
            return of(recipe).recipe();
        }
        return run.isSettled() ? recipe : recipe.withRun(run.with(run.precision(), lanes(recipe)));
    }

    /// What is to be said of the precision: why it was chosen, or that the recipe's own is slow here.
    ///
    /// @param given as the person wrote it
    public @Nullable String remark(Recipe given) {
        if (rates == null) {
            return null;
        }
        var measured = given.run().precision() == Run.Precision.F16 ? DType.F16 : DType.BF16;
        if (given.run().precision() == Run.Precision.AUTO) {
            return rates.sentence(measured);
        }
        return rates.isSlow(measured) ? rates.sentence(measured) + ". The recipe asks for it; run.precision: auto takes what is faster"
                : null;
    }

    // ---- shapes

    /// As [Lanes#fitting] for the stage with the largest micro-batches.
    public static int lanes(Recipe recipe) {
        return Lanes.fitting(Precisions.device(recipe.run()), samples(recipe), tokens(recipe));
    }

    static int samples(Recipe recipe) {
        return recipe.stages().stream().filter(stage -> stage.losses().flow() != null).mapToInt(Stage::microBatch).max().orElse(1);
    }

    /// Image tokens of a sample in the stage with the smallest images.
    static long tokens(Recipe recipe) { return recipe.stages().stream().mapToLong(recipe::tokens).min().orElseThrow(); }
}
