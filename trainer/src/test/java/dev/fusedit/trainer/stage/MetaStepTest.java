package dev.fusedit.trainer.stage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.internal.abi.MetaKernels;
import dev.fusedit.torch.internal.abi.Placement;
import dev.fusedit.trainer.sampling.RunPipeline;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Whole steps on libtorch's meta device: all that an op meets lies on the model's device, and no number is read. What is on the CPU beside it would
/// show here as it does on a GPU.
@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class MetaStepTest {
    @BeforeAll
    static void register() { MetaKernels.register(); }

    @ParameterizedTest
    @MethodSource("dev.fusedit.trainer.stage.HostReadsTest#all")
    void aStepOfTrainingKeepsToItsDevice(Variant variant, String precision) {
        try (var _ = new Late(true);
                var tiny = TinyStage.onMeta(variant.settings(precision));
                var loop = tiny.loop();
                var placement = Placement.watch()) {
            loop.step();
            assertThat(placement.mixed()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStepOfSamplingKeepsToItsDevice(Variant variant) {
        for (var precision : List.of("f32", "bf16", "f16")) {
            try (var tiny = TinyStage.onMeta(variant.settings(precision)); var _ = TensorScope.open(); var placement = Placement.watch()) {
                var model = RunPipeline.of(tiny.recipe, tiny.bundle);
                var request = model.defaults().request(List.of("a red circle", "a small blue square left of a green triangle"));
                assertThat(model.pipeline().generate(request).pixels_B3HW().size(0)).isEqualTo(2);
                assertThat(placement.mixed()).as(precision).isEmpty();
            }
        }
    }
}
