package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.dit.GradientMask.Modality.IMAGE;
import static dev.fusedit.fusion.dit.GradientMask.Modality.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.dit.GradientMask;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.optim.Gradients;
import dev.fusedit.trainer.stage.TinyStage;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class GradientMaskRecipeTest {
    private static final GradientMask.Tokens ALL = new GradientMask.Tokens(1, 1, 1);

    @Test
    void presetsMaskTheirPairs() {
        assertThat(factors(new GradientMaskRecipe.None(), 0)).containsExactly(1.0, 1.0, 1.0);
        assertThat(factors(new GradientMaskRecipe.InsulateLlm(0.1, ALL), 0)).containsExactly(1.0, 0.1, 1.0);
        assertThat(factors(new GradientMaskRecipe.TextOnly(0.2, ALL), 0)).containsExactly(1.0, 1.0, 0.2);
        assertThat(factors(new GradientMaskRecipe.ImageOnly(0, ALL), 0)).containsExactly(0.0, 0.0, 1.0);
    }

    @Test
    void theLastRuleThatNamesALayerHolds() {
        var everywhere = new GradientMaskRecipe.Rule(IMAGE, TEXT, null, 0.5);
        var inTheMiddle =
                new GradientMaskRecipe.Rule(IMAGE, TEXT, List.of(2, 3), 0);
        var mask = new GradientMaskRecipe.Custom(List.of(everywhere, inTheMiddle), ALL);
        assertThat(factors(mask, 1)).containsExactly(1.0, 0.5, 1.0);
        assertThat(factors(mask, 2)).containsExactly(1.0, 0.0, 1.0);
        assertThat(factors(mask, 3)).containsExactly(1.0, 0.0, 1.0);
        assertThat(factors(mask, 4)).containsExactly(1.0, 0.5, 1.0);
    }

    @Test
    void factorsOfTokensAreTakenOver() {
        var tokens = new GradientMaskRecipe.InsulateLlm(0, new GradientMask.Tokens(0.25, 0, 0.5)).mask().tokens();
        assertThat(List.of(tokens.instruction(), tokens.padding(), tokens.dropped())).containsExactly(0.25, 0.0, 0.5);
    }

    /// The word behind the instruction learns the same either way; the instruction's own words learn nothing where their keys and values
    /// are all that the loss reads of them.
    @Test
    void instructionsHaveAFactorOfTheirOwnInTraining() {
        assertThat(embeddingGradients(0, 0).sameValues(embeddingGradients(0, 1))).as("no instruction to mask").isTrue();
        assertThat(embeddingGradients(2, 1).sameValues(embeddingGradients(0, 1))).as("a factor of one").isTrue();
        assertThat(embeddingGradients(2, 0).sameValues(embeddingGradients(2, 1))).isFalse();
        assertThat(embeddingGradients(1000, 0).abs().max().item()).as("every token is the instruction's").isZero();
    }

    /// Of the flow loss, where no token but an instruction's is masked.
    private static Tensor embeddingGradients(int instruction, double factor) {
        return TensorScope.scoped(() -> {
            try (var tiny = TinyStage.of("run.precision=f64", "stages.joint.losses={flow: {}}",
                    "stages.joint.gradient_mask={kind: insulate-llm, factor: 1, tokens: {instruction: " + factor + "}}")) {
                tiny.bundle.weights().train(_ -> true);
                var losses = tiny.losses();
                var drawn = tiny.batch(0);
                var batch = new Batch(drawn.images(), drawn.size(), drawn.captions(), drawn.captionTokens(), instruction,
                        drawn.sentenceTokens(), drawn.keys());
                try (var gradients = new Gradients(tiny.bundle.weights().trainable()); var pass = losses.model().pass(false)) {
                    pass.backward(losses.of(pass, losses.parts(batch, 0, 1).getFirst()).total());
                    gradients.take(tiny.bundle.weights());
                    return Objects.requireNonNull(gradients.of("llm.embed_tokens.weight")).copy();
                }
            }
        });
    }

    private static List<Double> factors(GradientMaskRecipe mask, int layer) {
        var found = mask.mask();
        return List.of(found.factor(TEXT, TEXT, layer), found.factor(IMAGE, TEXT, layer), found.factor(IMAGE, IMAGE, layer));
    }
}
