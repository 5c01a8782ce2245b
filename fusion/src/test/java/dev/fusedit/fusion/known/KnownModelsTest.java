package dev.fusedit.fusion.known;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.flow.KnownSchedulers;
import dev.fusedit.fusion.flow.Shift;
import dev.fusedit.fusion.llm.KnownLanguageModels;
import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.fusion.vae.KnownAutoencoders;
import dev.fusedit.fusion.vision.ClipTextModel;
import dev.fusedit.fusion.vision.KnownClipTexts;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.NoTensorLeaks;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The models that are known by name have as many parameters as their publishers' files.
@ExtendWith(NoTensorLeaks.class)
class KnownModelsTest {
    private static long count(Consumer<Weights> model) {
        try (var weights = Weights.shapes()) {
            model.accept(weights);
            return weights.all().mapToLong(parameter -> Arrays.stream(parameter.master().shape()).reduce(1, Math::multiplyExact)).sum();
        }
    }

    /// Sizes of the safetensors files on Hugging Face. Of PaliGemma's 2,923,466,480 (224 pixels) 412,442,352 are the vision tower's, and
    /// 1152 · 2048 + 2048 the projector's.
    @ParameterizedTest
    @CsvSource({"google/gemma-2b, 2506172416", "google/gemma-2b-it, 2506172416", "google/paligemma-3b-pt-448, 2508662784",
        "google/gemma-2-2b, 2614341888", "google/gemma-2-2b-it, 2614341888", "google/gemma-3-270m, 268098176",
        "google/gemma-3-270m-it, 268098176", "meta-llama/Llama-3.2-1B, 1235814400", "Qwen/Qwen3-0.6B, 596049920"})
    void languageModelsHaveTheirPublishedSizes(String name, long parameters) {
        var config = KnownLanguageModels.find(name).orElseThrow();
        assertThat(count(weights -> LanguageModel.of(config, weights))).isEqualTo(parameters);
    }

    @Test
    void everyKnownLanguageModelIsItsOwnJson() {
        assertThat(KnownLanguageModels.names()).hasSize(9).allSatisfy(name -> {
            var config = KnownLanguageModels.find(name).orElseThrow();
            assertThat(LanguageConfigs.read(LanguageConfigs.json(config), name)).isEqualTo(config);
            var cut = config.withLayers(7);
            assertThat(LanguageConfigs.read(LanguageConfigs.json(cut), name)).isEqualTo(cut);
        });
    }

    @ParameterizedTest
    @CsvSource({"stabilityai/stable-diffusion-3-medium-diffusers, 83819683", "black-forest-labs/FLUX.1-dev, 83819683",
        "black-forest-labs/FLUX.1-schnell, 83819683", "stable-diffusion-v1-5/stable-diffusion-v1-5, 83653863"})
    void autoencodersHaveTheirPublishedSizes(String name, long parameters) {
        assertThat(KnownAutoencoders.names()).hasSize(4).contains(name);
        var config = KnownAutoencoders.find(name).orElseThrow();
        assertThat(count(weights -> AutoencoderKL.of(config, weights))).isEqualTo(parameters);
        assertThat(config.factor()).isEqualTo(8);
    }

    @Test
    void clipTextHasItsPublishedSize() {
        assertThat(KnownClipTexts.names()).hasSize(2).allSatisfy(name -> {
            var config = KnownClipTexts.find(name).orElseThrow();
            assertThat(count(weights -> ClipTextModel.of(config, weights))).isEqualTo(123_650_304);
            assertThat(config.projection()).isEqualTo(768);
        });
    }

    @Test
    void schedulerIsShiftedByThree() {
        assertThat(KnownSchedulers.find("stabilityai/stable-diffusion-3-medium-diffusers")).hasValueSatisfying(scheduler -> {
            assertThat(scheduler.shift()).isEqualTo(new Shift.Fixed(3));
            assertThat(scheduler.levels()).isEqualTo(1000);
        });
    }

    @Test
    void whatIsNotKnownIsNotFound() {
        assertThat(KnownLanguageModels.find("google/gemma-9b")).isEmpty();
        assertThat(KnownAutoencoders.find("x")).isEmpty();
        assertThat(KnownClipTexts.find("x")).isEmpty();
        assertThat(KnownSchedulers.find("x")).isEmpty();
    }
}
