package dev.fusedit.trainer.stage;

import dev.fusedit.trainer.model.ParameterGroups;
import dev.fusedit.trainer.optim.ParameterOwners;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.Map;

/// Which process of a run owns a parameter: each stage's are balanced, whatever the others train.
public final class StageOwners {
    private StageOwners() {}

    /// @param counts of numbers, by the model's parameters in their order
    public static ParameterOwners of(Recipe recipe, Map<String, Long> counts, int processes, int rank) {
        var stages = recipe.stages().stream().map(ParameterGroups::new).toList();
        return ParameterOwners.balanced(counts, name -> stages.stream().map(stage -> stage.of(name) != null).toList(), processes, rank);
    }
}
