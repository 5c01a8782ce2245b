package dev.fusedit.trainer.study;

import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.List;
import java.util.stream.IntStream;

/// How often training meets each noise level: the weights by which numbers at all levels become one. Evenly weighted, a model that predicts the
/// clean image would be judged by what it does where there is hardly any noise: an error counts 1/σ² there, and training hardly ever
/// goes there.
///
/// @param sigmas that were drawn
record NoiseShares(float[] sigmas) {
    private static final int DRAWS = 1 << 16;

    /// Of the last stage that learns flow.
    static NoiseShares of(Recipe recipe) {
        var flow = RecipeModelConfigs.flow(recipe.model(), recipe.lastFlow().orElseThrow());
        var table = flow.scheduler().training().sigmas();
        var drawn = flow.indices(Seed.of(0), DRAWS);
        var sigmas = new float[DRAWS];
        for (int i = 0; i < DRAWS; i++) sigmas[i] = table[drawn[i]];
        return new NoiseShares(sigmas);
    }

    /// Of each of `count` intervals of σ that divide 0 to 1 evenly; they sum to 1.
    double[] shares(int count) {
        var shares = new double[count];
        for (float sigma : sigmas) shares[Math.min(count - 1, (int) (sigma * count))] += 1.0 / sigmas.length;
        return shares;
    }

    /// @param values of intervals as in [#shares]
    double mean(List<Double> values) {
        var shares = shares(values.size());
        return IntStream.range(0, shares.length).mapToDouble(i -> shares[i] * values.get(i)).sum();
    }
}
