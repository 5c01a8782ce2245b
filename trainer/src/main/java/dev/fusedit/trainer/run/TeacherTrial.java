package dev.fusedit.trainer.run;

import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.pace.Trials;
import dev.fusedit.trainer.recipe.TeacherRecipe;

/// Tries steps of a teacher's training on an encoder that is given up, to know how long they take here: about two seconds.
public final class TeacherTrial {
    private static final double SECONDS = 1.5;
    private static final int MOST = 40;

    private TeacherTrial() {}

    public static double secondsPerStep(TeacherRecipe recipe) {
        try (var _ = TensorScope.open(); var parts = TeacherParts.untrained(recipe); var loop = parts.loop(0, 0)) {
            return new Trials(SECONDS, MOST, () -> false).atMost(recipe.learning().steps()).took(loop::step);
        }
    }
}
