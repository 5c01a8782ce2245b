package dev.fusedit.trainer.study;

import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.List;
import java.util.stream.IntStream;

/// How often training meets each noise level: the weights by which numbers at all levels become one. Evenly weighted, a model that predicts the
/// clean image would be judged by what it does where there is hardly any noise: an error counts 1/σ² there, and training hardly ever
/// goes there.
///
/// @param flow whose draws are counted
record NoiseShares(FlowMatching flow) {
    private static final int DRAWS = 1 << 16;

    /// Of the last stage that learns flow.
    static NoiseShares of(Recipe recipe) {
        return new NoiseShares(RecipeModelConfigs.flow(recipe.model(), recipe.lastFlow().orElseThrow()));
    }

    /// Of each of `count` intervals of σ that divide 0 to 1 evenly; they sum to 1.
    double[] shares(int count) {
        try (var _ = TensorScope.open()) {
            var shares = new double[count];
            var sigmas = flow.scheduler().training().sigmas();
            for (int index : flow.indices(Seed.of(0), DRAWS)) shares[Math.min(count - 1, (int) (sigmas[index] * count))] += 1.0 / DRAWS;
            return shares;
        }
    }

    /// @param values of intervals as in [#shares]
    double mean(List<Double> values) {
        var shares = shares(values.size());
        return IntStream.range(0, shares.length).mapToDouble(i -> shares[i] * values.get(i)).sum();
    }
}
