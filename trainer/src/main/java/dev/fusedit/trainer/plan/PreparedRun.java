package dev.fusedit.trainer.plan;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.model.StartingWeights;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.run.RunLength;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// From a recipe as a person gives it to what is trained: what it leaves to the machine is decided, its memory is looked at, its steps are
/// scaled if so many minutes are asked for.
public final class PreparedRun {
    private PreparedRun() {}

    /// @param processes that share its steps: speed is looked at for one of them, memory for those that are here
    /// @param minutes that the whole is to take here; null for the steps as they are written
    /// @param said told what was decided and what is done meanwhile
    /// @throws dev.fusedit.torch.LibtorchUnavailable if the recipe's device is not there
    /// @throws UserError if memory does not hold it, a published language model is given no weights, or nothing takes so many minutes
    public static RunLength of(Recipe recipe, Processes processes, @Nullable Double minutes, Consumer<String> said) {
        Precisions.device(recipe.run()).available();
        var plan = Plan.settled(recipe.sharedBy(processes.count()), processes, said).requireFits();
        StartingWeights.requireGiven(recipe);
        var estimate = new LongSteps(plan);
        var settled = recipe.withRun(plan.recipe().run());
        return minutes == null ? RunLength.asWritten(settled, estimate)
                : RunLength.measured(settled, plan.recipe(), estimate, minutes, said);
    }
}
