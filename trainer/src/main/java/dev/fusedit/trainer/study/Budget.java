package dev.fusedit.trainer.study;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.plan.Plan;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/// What every arm may spend. Of operations or samples it is a stage's, whose steps follow from it: the stages before are what they are.
public sealed interface Budget {
    @Doc("Needed floating-point operations of a stage: 2 for a product and its sum, forward and backward, frozen parts too; what is "
            + "computed a second time is not counted.")
    record Flops(@Doc("how many") double flops, @Doc("of which stage; its steps are set") String stage) implements Budget {
        public Flops {
            Bound.POSITIVE.check("flops", flops);
        }
    }

    @Doc("Images that a stage shows.")
    record Samples(long samples, @Doc("of which stage; its steps are set") String stage) implements Budget {
        public Samples {
            Bound.COUNT.check("samples", samples);
        }
    }

    @Doc("Time of a whole run, sampling and scoring included, as 'train --minutes' has it. Cells run one after the other.")
    record Minutes(double minutes) implements Budget {
        public Minutes {
            Bound.MINUTES.check("minutes", minutes);
        }
    }

    /// @return steps of the stage; empty where they are a matter of the machine's speed
    /// @throws UserError if the recipe has no such stage
    default OptionalLong steps(Recipe recipe) {
        return switch (this) {
            case Flops(var flops, var stage) -> whole(flops / stage(recipe, stage).work().flops());
            case Samples(var samples, var stage) -> whole((double) samples / stage(recipe, stage).plan().stage().batch());
            case Minutes _ -> OptionalLong.empty();
        };
    }

    private static OptionalLong whole(double steps) { return OptionalLong.of(Math.clamp(Math.round(steps), 1, Bound.STEPS.most())); }

    private static Plan.StageEstimate stage(Recipe recipe, String name) {
        return Plan.of(recipe).stages().stream().filter(stage -> stage.plan().stage().name().equals(name)).findFirst()
                .orElseThrow(() -> new UserError("budget.stage: no stage is named '%s'. Known: %s".formatted(name,
                        recipe.stages().stream().map(stage -> stage.name()).collect(Collectors.joining(", ")))));
    }

    /// The key that holds a stage's steps; empty as in [#steps].
    default String stepsKey() {
        return switch (this) {
            case Flops(_, var stage) -> "stages." + stage + ".steps";
            case Samples(_, var stage) -> "stages." + stage + ".steps";
            case Minutes _ -> "";
        };
    }

    /// `3.0e+13 FLOPs of stage 'fuse'`
    default String text() {
        return switch (this) {
            case Flops(var flops, var stage) -> "%.3g FLOPs of stage '%s'".formatted(flops, stage);
            case Samples(var samples, var stage) -> "%,d images of stage '%s'".formatted(samples, stage);
            case Minutes(var minutes) -> "%s minutes".formatted(minutes);
        };
    }
}
