package dev.fusedit.trainer.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.flow.LossWeighting;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.TimeDensity;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.recipe.Evaluation;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class ValidationTest {
    private static final WordTokenizer WORDS = WordTokenizer.of(BlocksText.words());
    private static final Recipe RECIPE = Recipe.find("tests/minimal", List.of());

    private static BlocksBatches data() { return new BlocksBatches(1, BlocksMix.DEFAULT, null, false, new TextIds(WORDS, 16)); }

    private static ModelBundle untrained() { return ModelBundle.fresh(RECIPE, WORDS, DTypePolicy.F32, Seed.of(1)); }

    private static FlowMatching flow(LossWeighting weighting) {
        return new FlowMatching(FlowMatchScheduler.shifted(3), new TimeDensity.Uniform(), weighting, new Prediction.Velocity());
    }

    private static Validation.Found found(int samples, int bins, int batch, LossWeighting weighting) {
        try (var bundle = untrained(); var _ = TensorScope.open()) {
            return new Validation(new Evaluation.Validation(1, samples, bins, 0, null), data(), batch, true).of(bundle, flow(weighting),
                    List.of(ImageSize.square(32)));
        }
    }

    /// A model that has learned nothing says 0: the loss is E[(noise − image)²] = 1 + E[image²] in every bin, but for chance.
    @Test
    void anUntrainedModelsLossIsThatOfPredictingNothing() {
        var found = found(20, 4, 7, new LossWeighting.Uniform());
        assertThat(found.flowBins()).hasSize(4).allSatisfy(loss -> assertThat(loss).isBetween(1.3, 2.1));
        assertThat(found.flow()).isEqualTo(found.flowBins().stream().mapToDouble(Double::doubleValue).average().orElseThrow());
    }

    /// An untrained language model knows nothing of any word.
    @Test
    void anUntrainedModelsPerplexityIsItsVocabulary() {
        var found = found(20, 4, 7, new LossWeighting.Uniform());
        assertThat(found.captionPerplexity()).isCloseTo(WORDS.size(), within(0.1 * WORDS.size()));
        assertThat(found.textPerplexity()).isCloseTo(WORDS.size(), within(0.1 * WORDS.size()));
    }

    @Test
    void howManyAreReadAtOnceChangesNextToNothing() {
        var together = found(20, 2, 20, new LossWeighting.Uniform());
        var apart = found(20, 2, 3, new LossWeighting.Uniform());
        for (int bin = 0; bin < 2; bin++) {
            assertThat(apart.flowBins().get(bin)).isCloseTo(together.flowBins().get(bin), within(1e-5));
        }
        assertThat(apart.captionPerplexity()).isCloseTo(together.captionPerplexity(), within(1e-3));
        assertThat(found(20, 2, 20, new LossWeighting.Uniform())).as("the same again, to the bit").isEqualTo(together);
    }

    /// So that stages which weight otherwise can be compared.
    @Test
    void theStagesWeightingIsLeftOut() {
        assertThat(found(8, 2, 8, new LossWeighting.Cosmap())).isEqualTo(found(8, 2, 8, new LossWeighting.Uniform()));
    }

    @Test
    void noCaptionIsEverTrainedOn() {
        var validation = data().validation(0, 64);
        assertThat(validation.captions()).hasSize(64);
        var trained = new HashSet<String>();
        for (int step = 0; step < 200; step++) {
            trained.addAll(data().of(step, new Batches.Wanted(0, 16, 32, 0, 0, 0)).captions());
        }
        assertThat(validation.captions()).as("their split keeps captions of its own").doesNotContainAnyElementsOf(trained);
        assertThat(data().validation(1, 64).captions()).as("another seed has other ones").isNotEqualTo(validation.captions());
    }
}
