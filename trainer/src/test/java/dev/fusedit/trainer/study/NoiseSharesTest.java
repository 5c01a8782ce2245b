package dev.fusedit.trainer.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class NoiseSharesTest {
    private static NoiseShares shares(String time) {
        return NoiseShares.of(Recipe.find("studies/forgetting", List.of("stages.fuse.losses.flow.time=" + time)));
    }

    /// σ below 1/8 is x below ln(1/7): Φ((ln(1/7) − 0.8) / 1) = 0.003, and so on.
    @Test
    void theyAreThoseOfTheDensity() {
        var found = shares("{kind: logit-normal, mean: 0.8, std: 1}").shares(8);
        assertThat(Arrays.stream(found).sum()).isCloseTo(1, within(1e-9));
        double[] exact = {0.0030, 0.0258, 0.0662, 0.1169, 0.1744, 0.2312, 0.2567, 0.1259};
        for (int i = 0; i < 8; i++) assertThat(found[i]).as("interval " + i).isCloseTo(exact[i], within(0.005)); // deviation 0.0017 at most
    }

    @Test
    void withEvenDrawsTheMeanIsPlain() {
        assertThat(shares("uniform").mean(List.of(1.0, 2.0, 3.0, 6.0))).isCloseTo(3, within(0.03)); // deviation 0.0074
    }
}
