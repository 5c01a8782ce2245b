package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run.Precision;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AutoSettingsTest {
    private static Recipe recipe(String... settings) { return Recipe.find("tests/minimal", List.of(settings)); }

    private static MatmulRates rates(double f32, double bf16) { return new MatmulRates(Map.of(DType.F32, f32, DType.BF16, bf16)); }

    /// Casts around its products cost a tenth, so bf16 must be faster by more than that.
    @ParameterizedTest
    @CsvSource({"100, 8, F32", "100, 100, F32", "100, 109, F32", "100, 111, BF16", "100, 200, BF16"})
    void bf16IsTakenWhereItIsFasterByEnough(double f32, double bf16, Precision choice) {
        assertThat(rates(f32, bf16).choice(true)).isEqualTo(choice);
        assertThat(rates(f32, bf16).choice(false)).as("multiplied in f32 anyway").isEqualTo(Precision.F32);
    }

    @Test
    void theRemarkTellsTheFactor() {
        var settled = recipe("run.precision=bf16");
        assertThat(new AutoSettings(settled, rates(100, 8)).remark(recipe("run.precision=auto")))
                .isEqualTo("bf16: this CPU multiplies it 12.5 times slower than f32");
        assertThat(new AutoSettings(settled, rates(100, 8)).remark(settled))
                .startsWith("bf16: this CPU multiplies it 12.5 times slower than f32")
                .contains("run.precision: auto");
        assertThat(new AutoSettings(settled, rates(100, 190)).remark(settled)).as("all is well").isNull();
        assertThat(new AutoSettings(settled, null).remark(settled)).isNull();
    }

    @Test
    void whatTheRecipeSaysStays() {
        var recipe = recipe("run.precision=f64", "run.lanes=3");
        assertThat(AutoSettings.settle(recipe)).isSameAs(recipe);
        assertThat(AutoSettings.of(recipe)).isEqualTo(new AutoSettings(recipe, null));
        assertThat(AutoSettings.settle(recipe("run.precision=f64", "run.lanes=auto")).run().precision()).isEqualTo(Precision.F64);
    }

    @Test
    void anOpenPrecisionIsMeasuredAndTheLanesFitTheThreads() {
        int threads = Libtorch.threads();
        try {
            Libtorch.setThreads(4);
            var open =
                    recipe("run.precision=auto", "run.lanes=auto", "data.image_size=32", "stages.fuse.batch=32", "stages.joint.batch=32");
            var settings = AutoSettings.of(open);
            assertThat(settings.rates()).isNotNull();
            assertThat(settings.recipe().run().precision()).isEqualTo(settings.rates().choice());
            assertThat(settings.recipe().run().lanes()).hasValue(4);
            assertThat(Libtorch.threads()).as("what was measured on one thread").isEqualTo(4);
        } finally {
            Libtorch.setThreads(threads);
        }
    }

    @Test
    void lanesAreAutoOrANumber() {
        assertThat(recipe("run.lanes=auto").canonical()).contains("lanes: auto");
        assertThat(recipe("run.lanes=5").canonical()).contains("lanes: 5");
        assertThat(Recipe.parse(recipe("run.lanes=auto").canonical(), "r.yaml", List.of())).isEqualTo(recipe("run.lanes=auto"));
    }
}
