package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.optim.LearningRates.Run;
import org.junit.jupiter.api.Test;

class LearningRatesTest {
    private static final Run RUN = new Run(10, 50, 1e-3);

    @Test
    void aWarmUpStartsAtZeroAndItsEndTakesTheWholeRate() {
        assertThat(new LearningRates.Linear().at(0, RUN)).isZero();
        assertThat(new LearningRates.Cosine(0.5).at(10, RUN)).isEqualTo(1e-3);
        assertThat(new LearningRates.Constant().at(0, RUN)).as("has none").isEqualTo(1e-3);
    }

    @Test
    void behindTheLastStep() {
        assertThat(new LearningRates.Linear().at(60, RUN)).isZero();
        assertThat(new LearningRates.Cosine(0.5).at(90, RUN)).as("rises again").isCloseTo(1e-3, within(1e-12));
        assertThat(new LearningRates.CosineWithRestarts(2).at(50, RUN)).isZero();
        assertThat(new LearningRates.Polynomial(1, 1e-7).at(51, RUN)).isCloseTo(1e-7, within(1e-20));
    }

    @Test
    void aRunThatIsAllWarmUpEndsInARate() {
        var short_ = new Run(10, 10, 1e-3);
        assertThat(new LearningRates.Polynomial(1, 1e-7).at(10, short_)).isEqualTo(1e-3);
        assertThat(new LearningRates.Linear().at(10, short_)).isZero();
    }

    @Test
    void piecesGoByTheirEnds() {
        var pieces = LearningRates.PiecewiseConstant.of("0.1:20, 1:10,0.005");
        assertThat(pieces.at(9, RUN)).isEqualTo(1e-3);
        assertThat(pieces.at(10, RUN)).isEqualTo(1e-4);
        assertThat(pieces.at(20, RUN)).isEqualTo(5e-6);
    }

    @Test
    void rulesInAnotherFormAreTheUsersMistake() {
        for (var rules : new String[] {"", "1:10", "1:10,x", "1:10:3,2", "1:10,2:10,3", "1:1.5,2"}) {
            assertThatThrownBy(() -> LearningRates.PiecewiseConstant.of(rules)).as(rules).isInstanceOf(UserError.class)
                    .hasMessageContaining("factor:step");
        }
        assertThatThrownBy(() -> new Run(1, 2, 0)).hasMessageContaining("positive");
    }
}
