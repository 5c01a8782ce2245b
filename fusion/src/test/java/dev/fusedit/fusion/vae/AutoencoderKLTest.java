package dev.fusedit.fusion.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.fusion.Goldens;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class AutoencoderKLTest {
    /// Latents of 16 on a side, 8 pixels each.
    private static final Tiling TILES = new Tiling(16, 8);

    private static final AutoencoderConfig TINY =
            new AutoencoderConfig(3, 3, List.of(8, 16, 16, 16), 1, 4, 4, 128, 0.5, 0.1, true, true, true);

    private static void with(Consumer<AutoencoderKL> test) {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32); var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            test.accept(AutoencoderKL.of(TINY, weights));
        }
    }

    /// Even noise: a tile's norms and attention see what the whole image's see.
    private static Tensor noise(long... shape) { return Tensor.randn(Seed.of(2), DType.F32, shape); }

    private static double rms(Tensor x) { return Math.sqrt(x.square().mean().item()); }

    @Test
    void oneTileIsTheImageToTheBit() {
        with(model -> {
            var tiled = model.tiling(TILES);
            assertThat(tiled.moments(noise(1, 3, 128, 100)).sameValues(model.moments(noise(1, 3, 128, 100)))).isTrue();
            assertThat(tiled.decode(noise(1, 4, 12, 16)).sameValues(model.decode(noise(1, 4, 12, 16)))).isTrue();
        });
    }

    /// Latents that repeat: norms and attention of a tile see what those of the whole see, but for its edges. What is left is the seams.
    @Test
    void aTiledImageIsNearTheWholeOneAwayFromSeams() {
        with(model -> {
            var latents = noise(1, 4, 4, 4).repeat(1, 1, 4, 10);
            Tensor whole = model.decode(latents), tiled = model.tiling(TILES).decode(latents);
            assertThat(tiled.shape()).containsExactly(1, 3, 128, 320);
            var error = tiled.sub(whole);
            // up to column 64 there is the first tile alone: 0.05 there, 0.07 over all. A tile one latent off its place would make 1.4
            assertThat(rms(error.narrow(3, 0, 64))).isLessThan(0.07 * rms(whole));
            assertThat(rms(error)).as("seams included").isLessThan(0.1 * rms(whole));
        });
    }

    @Test
    void tiledMomentsAreNearTheWholeOnes() {
        with(model -> {
            var image = noise(2, 3, 131, 250);
            Tensor whole = model.moments(image), tiled = model.slicing().tiling(TILES).moments(image);
            assertThat(tiled.shape()).containsExactly(whole.shape());
            assertThat(rms(tiled.sub(whole))).isLessThan(0.2 * rms(whole));
        });
    }

    @ParameterizedTest
    @CsvSource({"4, 0, 5, 17", "4, 2, 9, 4", "5, 1, 23, 6", "16, 8, 100, 41", "3, 1, 4, 4"})
    void sharesOfEveryPlaceSumToOne(int tile, int overlap, int height, int width) {
        try (var _ = TensorScope.open()) {
            var joined = new Tiling(tile, overlap).join(height, width, 2, (y, x) -> {
                assertThat(y.length()).isEqualTo(Math.min(tile, height));
                return Tensor.ones(DType.F32, 1, 1, 2L * y.length(), 2L * x.length());
            });
            assertThat(joined.allClose(Tensor.ones(DType.F32, 1, 1, 2L * height, 2L * width), 0, 1e-6)).isTrue();
        }
    }

    @Test
    void slicesAreTheBatch() {
        with(model -> {
            var image = noise(3, 3, 32, 24);
            assertThat(model.slicing().moments(image).allClose(model.moments(image), 0, 1e-5)).isTrue();
            var latents = noise(3, 4, 4, 3);
            assertThat(model.slicing().decode(latents).allClose(model.decode(latents), 0, 1e-5)).isTrue();
        });
    }

    @Test
    void scalingIsUndone() {
        with(model -> assertThat(model.unscaled(model.scaled(noise(1, 4, 2, 2))).allClose(noise(1, 4, 2, 2), 1e-6, 1e-6)).isTrue());
    }

    @Test
    void bf16StaysNearF32() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.MIXED); var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var smaller = AutoencoderKL.of(TINY, weights).decode(noise(1, 4, 4, 4).to(DType.BF16));
            assertThat(smaller.dtype()).isEqualTo(DType.BF16);
            with(model -> {
                var whole = model.decode(noise(1, 4, 4, 4));
                assertThat(rms(smaller.to(DType.F32).sub(whole))).isLessThan(0.03 * rms(whole));
            });
        }
    }

    @Test
    void theUsualConfigurations() {
        assertThat(AutoencoderConfig.sd3().factor()).isEqualTo(8);
        assertThat(AutoencoderConfig.flux().scalingFactor()).isEqualTo(0.3611);
        assertThat(AutoencoderConfig.sd15().quantConv()).isTrue();
        assertThat(Tiling.of(AutoencoderConfig.sd3())).isEqualTo(new Tiling(128, 32));
    }

    @Test
    void olderNamesAreRead() {
        try (var file = SafeTensors.open(Goldens.folder("vae/sd15_quant").resolve("weights.safetensors"));
                var _ = TensorScope.open()) {
            var old = RenamedTensors.of(file, name -> name.replace("attentions.0.to_out.0", "attentions.0.proj_attn")
                    .replace("attentions.0.to_q", "attentions.0.query").replace("attentions.0.to_k", "attentions.0.key")
                    .replace("attentions.0.to_v", "attentions.0.value"));
            assertThat(old.contains("encoder.mid_block.attentions.0.query.weight")).isTrue();
            var named = AutoencoderKL.named(old);
            assertThat(named.names()).containsExactlyInAnyOrderElementsOf(file.names());
            var name = "decoder.mid_block.attentions.0.to_v.bias";
            assertThat(named.read(name).sameValues(file.read(name))).isTrue();
        }
    }

    @Test
    void wrongConfigurationsAndImagesAreRefused() throws IOException {
        var json = new JsonMapper().readTree("{\"block_out_channels\": [6, 8], \"norm_num_groups\": 4}");
        assertThatThrownBy(() -> AutoencoderConfig.of(json, "x/config.json")).isInstanceOf(UserError.class)
                .hasMessageContaining("x/config.json").hasMessageContaining("[6, 8]");
        var other = new JsonMapper().readTree("{\"block_out_channels\": [8], \"down_block_types\": [\"AttnDownEncoderBlock2D\"]}");
        for (var field : new String[] {"latents_mean", "_class_name", "temporal_compression_ratio"}) {
            var changed = AutoencoderConfig.sd3().json();
            changed.put(field, field.equals("_class_name") ? "AutoencoderKLWan" : "4");
            assertThatThrownBy(() -> AutoencoderConfig.of(changed, "x")).isInstanceOf(UserError.class).hasMessageContaining(field);
        }
        assertThatThrownBy(() -> AutoencoderConfig.of(other, "x")).isInstanceOf(UserError.class).hasMessageContaining("AttnDown");
        with(model -> {
            assertThatThrownBy(() -> model.moments(noise(1, 3, 7, 64))).hasMessageContaining("8 and more");
            assertThatThrownBy(() -> model.decode(noise(1, 3, 4, 4))).hasMessageContaining("latents are (B, 4, H, W)");
        });
    }
}
