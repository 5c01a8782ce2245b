package dev.fusedit.trainer.stage.cache;

import dev.fusedit.torch.Tensor;
import dev.fusedit.trainer.recipe.Losses;

/// Computes features, as [dev.fusedit.trainer.align.Teacher#features].
@FunctionalInterface
interface FeatureModel {
    Tensor features(Tensor clean_BCHW, int rows, int columns, Losses.Match match);
}
