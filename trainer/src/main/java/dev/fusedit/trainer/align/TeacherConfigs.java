package dev.fusedit.trainer.align;

import dev.fusedit.fusion.vision.DinoConfig;
import dev.fusedit.trainer.recipe.TeacherRecipe;

/// From what a recipe says to what the encoder takes.
public final class TeacherConfigs {
    private static final double NORM_EPS = 1e-6;

    private TeacherConfigs() {}

    public static DinoConfig of(TeacherRecipe recipe) {
        var encoder = recipe.teacher();
        return new DinoConfig(encoder.width(), encoder.layers(), encoder.heads(), encoder.mlpRatio(), recipe.data().imageSize(),
                encoder.patch(), NORM_EPS, 0, false, false, true);
    }
}
