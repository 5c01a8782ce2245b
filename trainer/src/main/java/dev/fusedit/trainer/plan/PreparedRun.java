package dev.fusedit.trainer.plan;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.model.StartingWeights;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.run.Resume;
import dev.fusedit.trainer.run.RunLength;
import dev.fusedit.trainer.run.RunStart;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
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
        var length = minutes == null ? RunLength.asWritten(settled, estimate)
                : RunLength.measured(settled, plan.recipe(), estimate, minutes, said);
        return length.planned(plan.use(length.recipe()));
    }

    /// As [RunStart#in], of a recipe that is to take so many minutes: a run that goes on keeps its steps.
    ///
    /// @param processes as in [#of]
    /// @param minutes as in [#of]
    public static RunStart in(Path folder, Recipe recipe, @Nullable Double minutes, Resume resume, Processes processes,
            Consumer<String> said) {
        var before = minutes == null ? Optional.<Recipe>empty() : RunStart.scaledIn(folder, recipe, minutes, resume);
        return RunStart.in(folder, wanted(recipe, minutes, before), resume, said, prepared(minutes, before, processes, said));
    }

    /// As [RunStart#below], likewise.
    public static RunStart below(Path runs, Recipe recipe, @Nullable Double minutes, Resume resume, Processes processes,
            Consumer<String> said) {
        var before = minutes == null ? Optional.<Recipe>empty() : RunStart.scaledBelow(runs, recipe, minutes, resume);
        return RunStart.below(runs, wanted(recipe, minutes, before), resume, said, prepared(minutes, before, processes, said));
    }

    private static Recipe wanted(Recipe recipe, @Nullable Double minutes, Optional<Recipe> before) {
        return minutes == null ? recipe : before.orElseGet(() -> recipe.withMinutes(minutes));
    }

    private static Function<Recipe, RunLength> prepared(@Nullable Double minutes, Optional<Recipe> before, Processes processes,
            Consumer<String> said) {
        return recipe -> of(recipe, processes, before.isEmpty() ? minutes : null, said);
    }
}
