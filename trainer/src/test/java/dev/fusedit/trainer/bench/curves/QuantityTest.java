package dev.fusedit.trainer.bench.curves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.bench.Workload;
import dev.fusedit.trainer.bench.Workloads;
import java.util.Collections;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class QuantityTest {
    private static Workload.Shape shape(Quantity quantity, long value) { return quantity.workload(value).shape(); }

    @Test
    void theRangesAreThoseOfTheIssue() {
        assertThat(Quantity.BATCH.usual()).startsWith(1L).endsWith(64L);
        assertThat(Quantity.TOKENS.usual()).startsWith(64L).endsWith(4096L);
        assertThat(Quantity.TEXT.usual()).startsWith(16L).endsWith(512L);
        assertThat(Quantity.PARAMETERS.usual()).startsWith(1_000_000L).endsWith(1_000_000_000L);
    }

    @Test
    void oneQuantityIsVariedAndAllElseIsTrainS() {
        var base = Workloads.builtIn().get("train-s").shape();
        assertThat(shape(Quantity.BATCH, 8)).usingRecursiveComparison().ignoringFields("name", "padded").isEqualTo(base);
        assertThat(shape(Quantity.BATCH, 6).lengths()).containsExactly(12, 20, 33, 9, 12, 20);
        for (long tokens : Quantity.TOKENS.usual()) {
            assertThat((long) shape(Quantity.TOKENS, tokens).tokens()).isEqualTo(tokens);
        }
        assertThat(shape(Quantity.TOKENS, 128)).extracting(Workload.Shape::rows, Workload.Shape::columns).containsExactly(16, 32);
        assertThat(shape(Quantity.TOKENS, 15)).extracting(Workload.Shape::rows, Workload.Shape::columns).containsExactly(6, 10);
        assertThat(shape(Quantity.TEXT, 512).lengths()).isEqualTo(Collections.nCopies(8, 512));
        assertThat(Stream.of(Quantity.TOKENS, Quantity.TEXT).map(quantity -> shape(quantity, 64).model())).containsOnly(base.model());
    }

    static Stream<Long> sizes() { return Quantity.PARAMETERS.usual().stream(); }

    /// Counted from the shapes of all that is learned or frozen, apart from the rule's own count.
    @ParameterizedTest
    @MethodSource("sizes")
    void modelsHaveAboutAsManyParametersAsAsked(long target) {
        try (var weights = Weights.shapes()) {
            FuseDiT.of(shape(Quantity.PARAMETERS, target).model(), weights);
            long counted = weights.all().mapToLong(parameter -> parameter.master().numel()).sum();
            assertThat(counted).isCloseTo(target, withinPercentage(15));
            assertThat(GrowingModel.nearest(target).parameters()).isCloseTo(counted, withinPercentage(1));
        }
    }

    /// Never wider without being deeper.
    @Test
    void modelsGrowInWidthAndDepthTogether() {
        var models = Quantity.PARAMETERS.usual().stream().map(GrowingModel::nearest).toList();
        assertThat(models).allMatch(model -> Math.abs(model.layers() - model.heads()) <= 1);
        assertThat(models).extracting(GrowingModel::layers).isSorted().doesNotHaveDuplicates();
        assertThat(models).extracting(GrowingModel::heads).isSorted().doesNotHaveDuplicates();
        var base = Workloads.builtIn().get("train-s").shape().model();
        assertThat(new GrowingModel(6, 6).config(base).image()).isEqualTo(base.image());
        assertThat(new GrowingModel(6, 6).config(base).text().hidden()).isEqualTo(base.text().hidden());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"BATCH | 0 | batch must be from 1", "TOKENS | -4 | tokens must be from 1",
        "TEXT | 99999999 | text must be from 1", "PARAMETERS | 1000 | no model of this kind has about 1,000 parameters"})
    void whatCannotBeIsNamed(Quantity quantity, long value, String error) {
        assertThatThrownBy(() -> quantity.workload(value)).isInstanceOf(UserError.class).hasMessageContaining(error);
    }
}
