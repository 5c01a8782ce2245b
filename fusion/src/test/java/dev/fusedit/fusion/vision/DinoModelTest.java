package dev.fusedit.fusion.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.util.Map;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class DinoModelTest {
    @Test
    void placesAreThePatchesAlone() {
        var config = new DinoConfig(16, 1, 2, 2, 28, 7, 1e-6, 2, true, false, true);
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32); var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var model = DinoModel.of(config, weights);
            var states = model.forward(Tensor.randn(Seed.of(2), DType.F32, 2, 3, 21, 35));
            assertThat(states.shape()).containsExactly(2, 1 + 2 + 15, 16);
            assertThat(model.places(states).shape()).containsExactly(2, 15, 16);
            assertThatThrownBy(() -> model.forward(Tensor.zeros(DType.F32, 1, 3, 6, 20))).hasMessageContaining("sides of 7");
        }
    }

    /// What a hidden patch shows makes no difference; where it lies does.
    @Test
    void hiddenPatchesAreNotSeen() {
        var config = new DinoConfig(16, 1, 2, 2, 16, 8, 1e-6, 0, false, false, true);
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32); var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var model = DinoModel.of(config, 0.3, weights);
            var image = Tensor.randn(Seed.of(2), DType.F32, 1, 3, 16, 16);
            var changed = image.copy();
            changed.narrow(2, 0, 8).narrow(3, 8, 8).fillInPlace(3); // the second of four patches
            var hidden = Tensor.of(new boolean[] {false, true, false, false}, 1, 4);
            assertThat(model.forward(changed, hidden, ForwardHooks.NONE).sameValues(model.forward(image, hidden, ForwardHooks.NONE)))
                    .isTrue();
            assertThat(model.forward(changed).allClose(model.forward(image), 1e-3, 1e-3)).isFalse();
            assertThat(model.forward(image, Tensor.of(new boolean[] {true, false, false, false}, 1, 4), ForwardHooks.NONE)
                    .allClose(model.forward(image, hidden, ForwardHooks.NONE), 1e-3, 1e-3)).isFalse();
        }
    }

    @Test
    void configurationsReadBack() {
        for (var config : new DinoConfig[] {DinoConfig.base(), new DinoConfig(16, 1, 2, 2, 32, 4, 1e-6, 0, false, true, false)}) {
            assertThat(DinoConfig.of(config.json(), "x")).isEqualTo(config);
        }
    }

    @Test
    void whatMayChangeNumbersIsRefused() {
        Map.of("num_channels", 4, "attention_scale", 2, "quantization_config", Map.of("quant_method", "bitsandbytes"))
                .forEach((field, value) -> assertThatThrownBy(
                        () -> DinoConfig.of(DinoConfig.base().json().set(field, new JsonMapper().valueToTree(value)), "x"))
                        .isInstanceOf(UserError.class).hasMessageContaining(field));
        assertThatThrownBy(() -> DinoConfig.of(DinoConfig.base().json().put("model_type", "dinov2"), "x")).isInstanceOf(UserError.class)
                .hasMessageContaining("architectures must be of the model_type dinov2");
    }

    @Test
    void otherModelsAreRefused() throws IOException {
        var json = new JsonMapper().readTree("{\"model_type\": \"vit\"}");
        assertThatThrownBy(() -> DinoConfig.of(json, "x")).isInstanceOf(UserError.class).hasMessageContaining("vit");
        assertThat(DinoConfig.base().side()).isEqualTo(37);
        assertThat(new DinoConfig(1536, 40, 24, 4, 518, 14, 1e-6, 0, false, true, true).inner()).as("of the giant one").isEqualTo(4096);
    }
}
