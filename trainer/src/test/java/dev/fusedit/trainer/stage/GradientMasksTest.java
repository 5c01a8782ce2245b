package dev.fusedit.trainer.stage;

import static dev.fusedit.fusion.dit.GradientMask.Modality.IMAGE;
import static dev.fusedit.fusion.dit.GradientMask.Modality.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.trainer.recipe.GradientMask;
import java.util.List;
import org.junit.jupiter.api.Test;

class GradientMasksTest {
    private static final GradientMask.Tokens ALL = new GradientMask.Tokens(1, 1, 1);

    @Test
    void presetsMaskTheirPairs() {
        assertThat(factors(new GradientMask.None(), 0)).containsExactly(1.0, 1.0, 1.0);
        assertThat(factors(new GradientMask.InsulateLlm(0.1, ALL), 0)).containsExactly(1.0, 0.1, 1.0);
        assertThat(factors(new GradientMask.TextOnly(0.2, ALL), 0)).containsExactly(1.0, 1.0, 0.2);
        assertThat(factors(new GradientMask.ImageOnly(0, ALL), 0)).containsExactly(0.0, 0.0, 1.0);
    }

    @Test
    void theLastRuleThatNamesALayerHolds() {
        var everywhere = new GradientMask.Rule(GradientMask.Modality.IMAGE, GradientMask.Modality.TEXT, null, 0.5);
        var inTheMiddle = new GradientMask.Rule(GradientMask.Modality.IMAGE, GradientMask.Modality.TEXT, List.of(2, 3), 0);
        var mask = new GradientMask.Custom(List.of(everywhere, inTheMiddle), ALL);
        assertThat(factors(mask, 1)).containsExactly(1.0, 0.5, 1.0);
        assertThat(factors(mask, 2)).containsExactly(1.0, 0.0, 1.0);
        assertThat(factors(mask, 3)).containsExactly(1.0, 0.0, 1.0);
        assertThat(factors(mask, 4)).containsExactly(1.0, 0.5, 1.0);
    }

    @Test
    void factorsOfTokensAreTakenOver() {
        var tokens = GradientMasks.of(new GradientMask.InsulateLlm(0, new GradientMask.Tokens(0.25, 0, 0.5))).tokens();
        assertThat(List.of(tokens.instruction(), tokens.padding(), tokens.dropped())).containsExactly(0.25, 0.0, 0.5);
    }

    private static List<Double> factors(GradientMask mask, int layer) {
        var found = GradientMasks.of(mask);
        return List.of(found.factor(TEXT, TEXT, layer), found.factor(IMAGE, TEXT, layer), found.factor(IMAGE, IMAGE, layer));
    }
}
