package dev.fusedit.trainer.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.HostReads;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.sampling.RunPipeline;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Between its first op and its last a step lets Java read no number of a tensor, so that on a GPU nothing waits.
@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class HostReadsTest {
    static Stream<Arguments> all() {
        return Stream.of(Variant.values())
                .flatMap(variant -> Stream.of("f32", "bf16", "f16").map(precision -> Arguments.of(variant, precision)));
    }

    @ParameterizedTest
    @MethodSource("all")
    void aStepOfTrainingHasNone(Variant variant, String precision) {
        try (var _ = new Late(true); var tiny = TinyStage.of(variant.settings(precision)); var loop = tiny.loop()) {
            try (var _ = HostReads.forbidden()) {
                for (int i = 0; i < 3; i++) assertThat(loop.step().isKnown()).as("its own numbers").isFalse();
            }
            loop.settle();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStepOfSamplingHasNone(Variant variant) {
        for (var precision : List.of("f32", "bf16", "f16")) {
            try (var tiny = TinyStage.of(variant.settings(precision)); var _ = TensorScope.open()) {
                var model = RunPipeline.of(tiny.recipe, tiny.bundle);
                var request = model.defaults().request(List.of("a red circle", "a small blue square left of a green triangle"));
                try (var _ = HostReads.forbidden()) {
                    assertThat(model.pipeline().generate(request).pixels_B3HW().size(0)).isEqualTo(2);
                }
            }
        }
    }

    @Test
    void aStepThatReadsAtOnceIsCaught() {
        try (var _ = new Late(false); var tiny = TinyStage.of(); var loop = tiny.loop(); var _ = HostReads.forbidden()) {
            assertThatThrownBy(loop::step).isInstanceOf(IllegalStateException.class);
        }
    }
}
