package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.trainer.recipe.binding.Names;
import org.jspecify.annotations.Nullable;

/// How the learning rate goes over a stage. With the first three it rises to its height in the warm-up and then goes as a fraction of it to
/// the end of the stage.
public sealed interface Schedule {
    record Constant() implements Schedule {}

    record Cosine(@Default("0") double finalFraction) implements Schedule {
        public Cosine {
            checkFraction(finalFraction);
        }
    }

    record Linear(@Default("0") double finalFraction) implements Schedule {
        public Linear {
            checkFraction(finalFraction);
        }
    }

    @Doc("By the names and rules of diffusers' 'get_scheduler', so that published recipes mean here what they mean there: the warm-up "
            + "begins at exactly 0, and 'constant' and 'piecewise-constant' have none.")
    record Diffusers(
            Kind name,
            @Doc("waves of 'cosine' (0.5 if left out: half a wave, down to 0) or starts "
                    + "of 'cosine-with-restarts' (1)") @Nullable Double cycles,
            @Doc("of 'polynomial'") @Default("1") double power,
            @Doc("the last rate of 'polynomial', not a fraction") @Default("1e-7") double end,
            @Doc("of 'piecewise-constant': '1:10,0.1:20,0.005' is the whole rate before step 10, a tenth before step 20, then "
                    + "0.005 of it") @Nullable String rules)
            implements Schedule {
        public enum Kind { CONSTANT, CONSTANT_WITH_WARMUP, PIECEWISE_CONSTANT, LINEAR, COSINE, COSINE_WITH_RESTARTS, POLYNOMIAL }

        public Diffusers {
            boolean waves = name == Kind.COSINE || name == Kind.COSINE_WITH_RESTARTS;
            checkArgument(cycles == null || waves, "cycles must be given with a cosine only, but name is %s", Names.constant(name));
            Bound.SHIFT.check("cycles", cycles);
            checkArgument(cycles == null || name == Kind.COSINE || cycles == Math.rint(cycles),
                    "cycles must be a whole number with cosine-with-restarts, but is %s", cycles);
            checkArgument((rules != null) == (name == Kind.PIECEWISE_CONSTANT), rules == null
                    ? "rules must be given with piecewise-constant"
                    : "rules must be given with piecewise-constant only");
            Bound.SHIFT.check("power", power);
            Bound.POSITIVE.checkOrNone("end", end);
        }
    }

    private static void checkFraction(double fraction) {
        checkArgument(fraction >= 0 && fraction <= 1 && Bound.isMeaningful(fraction), "final_fraction must lie in 0 to 1, but is %s",
                fraction);
    }
}
