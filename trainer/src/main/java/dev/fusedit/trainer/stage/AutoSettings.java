package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Lanes;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.Stage;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/// What a recipe leaves to the machine (`auto`), decided: the precision by a short measurement, the lanes by a rule. A run's folder holds what
/// was decided, so that the run goes on in the same way, on another machine too.
///
/// @param recipe with nothing left open
/// @param rates that the precision was decided by, or that a precision of the recipe's own was looked at with; null where there was nothing
///        to measure (f32, f64, CUDA)
public record AutoSettings(Recipe recipe, @Nullable MatmulRates rates) {
    /// Measures if the recipe leaves its precision open, or asks for one that may be slow here; less than a second.
    public static AutoSettings of(Recipe recipe) {
        var run = recipe.run();
        int lanes = run.lanes().orElseGet(() -> lanes(recipe));
        return switch (run.device()) {
            case CUDA ->
                    new AutoSettings(settled(recipe, run.precision() == Run.Precision.AUTO ? Run.Precision.BF16 : run.precision(), lanes),
                            null);
            case CPU -> switch (run.precision()) {
                case AUTO -> {
                    var rates = MatmulRates.of(recipe, lanes, DType.F32, DType.BF16);
                    yield new AutoSettings(settled(recipe, rates.choice(), lanes), rates);
                }
                case BF16, PURE_BF16 -> new AutoSettings(settled(recipe, run.precision(), lanes),
                        MatmulRates.of(recipe, lanes, DType.F32, DType.BF16));
                case F16 -> new AutoSettings(settled(recipe, run.precision(), lanes),
                        MatmulRates.of(recipe, lanes, DType.F32, DType.F16));
                case F32, F64 -> new AutoSettings(settled(recipe, run.precision(), lanes), null);
            };
        };
    }

    /// The recipe alone. Measures only if it leaves its precision open.
    public static Recipe settle(Recipe recipe) {
        if (recipe.run().precision() == Run.Precision.AUTO) {
            return of(recipe).recipe();
        }
        return recipe.run().isSettled() ? recipe : settled(recipe, recipe.run().precision(), lanes(recipe));
    }

    private static Recipe settled(Recipe recipe, Run.Precision precision, int lanes) {
        return recipe.withRun(recipe.run().with(precision, lanes));
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
        return Lanes.fitting(recipe.run().device() == Run.Device.CPU ? Device.CPU : Device.cuda(0), samples(recipe),
                tokens(recipe, config(recipe)));
    }

    static int samples(Recipe recipe) {
        return recipe.stages().stream().filter(stage -> stage.losses().flow() != null).map(stage -> stage.batch() / stage.accumulation())
                .max(Comparator.naturalOrder()).orElse(1);
    }

    static DiTConfig config(Recipe recipe) {
        return RecipeModelConfigs
                .of(recipe.model(), RecipeModelConfigs.vocabulary(recipe.model().llm()), recipe.largestSide() / recipe.model().pixels())
                .image();
    }

    /// Image tokens of a sample in the stage with the smallest images.
    static long tokens(Recipe recipe, DiTConfig dit) {
        return recipe.stages().stream().mapToInt(recipe::side).min().stream()
                .mapToLong(side -> (long) side / recipe.model().pixels() / dit.patch()).map(patches -> patches * patches).findFirst()
                .orElseThrow();
    }
}
