package dev.fusedit.trainer.stage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Placement;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.sampling.RunPipeline;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Steps on libtorch's meta device, where tensors have shapes and no memory: a number that Java reads, a copy to the CPU and a tensor of the CPU
/// among an op's operands are errors there, as they are waits or errors on a GPU.
@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class MetaStepTest {
    private static ModelBundle bundle(Recipe recipe, WordTokenizer tokenizer) {
        return ModelBundle.fresh(recipe, tokenizer, Precisions.of(recipe).on(Device.META), Seed.of(1));
    }

    @ParameterizedTest
    @MethodSource("dev.fusedit.trainer.stage.HostReadsTest#all")
    void aStepOfTrainingIsOnOneDevice(Variant variant, String precision) {
        try (var tiny = TinyStage.of(MetaStepTest::bundle, variant.settings(precision));
                var loop = tiny.loop();
                var placement = Placement.watch()) {
            assertThat(loop.step().isKnown()).isFalse();
            assertThat(placement.mixed()).as("ops with operands on several devices").isEmpty();
            tiny.bundle.weights().all().forEach(parameter -> {
                assertThat(parameter.master().device()).as(parameter.name()).isEqualTo(Device.META);
                assertThat(parameter.compute().device()).as(parameter.name()).isEqualTo(Device.META);
            });
            loop.tensors().forEach((name, moment) -> {
                assertThat(moment.device()).as(name).isEqualTo(Device.META);
            });
            tiny.emaWeights.averages().forEach((name, average) -> {
                assertThat(average.device()).as(name).isEqualTo(Device.META);
                assertThat(average.shape()).as(name).isEqualTo(tiny.bundle.weights().parameter(name).master().shape());
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStepOfSamplingIsOnOneDevice(Variant variant) {
        for (var precision : List.of("f32", "bf16", "f16")) {
            try (var tiny = TinyStage.of(MetaStepTest::bundle, variant.settings(precision));
                    var _ = TensorScope.open();
                    var placement = Placement.watch()) {
                var model = RunPipeline.of(tiny.recipe, tiny.bundle);
                var images = model.pipeline().generate(model.defaults().request(List.of("a red circle", "a small blue square")));
                assertThat(images.pixels_B3HW().device()).isEqualTo(Device.META);
                assertThat(images.pixels_B3HW().shape()).containsExactly(2, 3, model.defaults().height(), model.defaults().width());
                assertThat(placement.mixed()).isEmpty();
            }
        }
    }
}
