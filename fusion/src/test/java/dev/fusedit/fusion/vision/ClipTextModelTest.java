package dev.fusedit.fusion.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.nn.Activation;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class ClipTextModelTest {
    private static ClipTextConfig tiny(int eosId) {
        return new ClipTextConfig(20, 16, 32, 8, 2, 2, 7, 1e-5, Activation.QUICK_GELU, eosId);
    }

    private static void with(int eosId, Consumer<ClipTextModel> test) {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32); var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            test.accept(ClipTextModel.of(tiny(eosId), weights));
        }
    }

    @Test
    void theVectorDoesNotDependOnWhatStandsBehindTheEnd() {
        with(19, model -> {
            var text = model.forward(new long[][] {{18, 3, 4, 19, 19, 19}});
            var other = model.forward(new long[][] {{18, 3, 4, 19, 0, 5}});
            assertThat(text.embeds_BO().allClose(other.embeds_BO(), 0, 1e-6)).isTrue();
            assertThat(text.last_BTC().allClose(other.last_BTC(), 0, 1e-6)).isFalse();
        });
    }

    @Test
    void theEndIsTheHighestIdOrTheFirstOfItsOwn() {
        with(2, model -> {
            assertThat(model.poolPosition(new long[] {18, 2, 19, 19})).isEqualTo(2);
            assertThat(model.poolPosition(new long[] {18, 3})).isZero();
        });
        with(19, model -> {
            assertThat(model.poolPosition(new long[] {18, 2, 19, 19})).isEqualTo(2);
            assertThat(model.poolPosition(new long[] {18, 2, 3})).as("none").isZero();
        });
    }

    @Test
    void tooLongOrRaggedTextsAreRefused() {
        with(19, model -> {
            assertThatThrownBy(() -> model.forward(new long[][] {new long[8]})).hasMessageContaining("1 to 7 tokens, got 8");
            assertThatThrownBy(() -> model.forward(new long[][] {{1}, {1, 2}})).hasMessageContaining("different lengths");
        });
    }

    @Test
    void aWholeClipsConfigurationHoldsTheTextSides() throws IOException {
        var json = new JsonMapper().readTree("{\"text_config\": {\"hidden_size\": 64, \"hidden_act\": \"gelu\", \"eos_token_id\": 2}}");
        var config = ClipTextConfig.of(json, "x");
        assertThat(config.hidden()).isEqualTo(64);
        assertThat(config.activation()).isEqualTo(Activation.GELU);
        assertThat(config.eosId()).isEqualTo(2);
        var unknown = new JsonMapper().readTree("{\"hidden_act\": \"mish\"}");
        assertThatThrownBy(() -> ClipTextConfig.of(unknown, "x")).isInstanceOf(UserError.class).hasMessageContaining("mish");
        assertThat(ClipTextConfig.large().maxTokens()).isEqualTo(77);
        refused("{\"projection_dim\": 512, \"text_config\": {\"projection_dim\": 768}}", "projection_dim must agree with text_config");
        refused("{\"model_type\": \"siglip_text_model\"}", "model_type must be one of clip");
        refused("{\"relative_positions\": 8}", "the field relative_positions (8)");
        var end = ClipTextConfig.of(new JsonMapper().readTree("{\"eos_token_id\": 2}"), "x");
        assertThat(end.described("x")
                .differences(ClipTextConfig.of(new JsonMapper().readTree("{\"eos_token_id\": 49407}"), "x").described("y")))
                .as("two ways to say the same").isEmpty();
    }

    private static void refused(String json, String message) {
        assertThatThrownBy(() -> ClipTextConfig.of(new JsonMapper().readTree(json), "x")).isInstanceOf(UserError.class)
                .hasMessageContaining(message);
    }
}
