package dev.fusedit.trainer.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.step.StepLosses;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class TextConfigsTest {
    private static final int WORDS = 40;

    private static Recipe minimal(String... settings) { return Recipe.find("tests/minimal", List.of(settings)); }

    private static ImageModelConfig config(String... settings) { return RecipeModelConfigs.of(minimal(settings).model(), WORDS, 64); }

    private static LanguageModelConfig named(String name, String... settings) {
        var all = new ArrayList<>(List.of("model.llm={name: " + name + ", kind: pretrained}"));
        all.addAll(List.of(settings));
        return config(all.toArray(String[]::new)).text();
    }

    /// Text, image and language loss in one graph, whatever the family.
    @ParameterizedTest
    @ValueSource(strings = {"gemma", "gemma2", "gemma3", "llama", "qwen3"})
    void everyFamilyLearnsFromBothSides(String family) {
        var config = config("model.llm.family=" + family);
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32); var _ = TensorScope.open()) {
            var model = config.build(weights);
            weights.train(_ -> true);
            // What is 0 at first lets nothing through.
            weights.all().filter(p -> p.name().startsWith("dit.") && p.name().endsWith("weight"))
                    .forEach(p -> p.master().detach().copyInPlace(Tensor.randn(Seed.of(2), DType.F32, p.master().shape()).mul(0.1)));
            var text = model.text(Prompt.of(new int[][] {{2, 5, 6, 7}, {2, 9}}), true, ForwardHooks.NONE);
            var sampled = model.image(Tensor.randn(Seed.of(3), DType.F32, 2, 3, 64, 64), Tensor.of(new float[] {500, 900}, 2), text);
            var next = StepLosses.nextTokens(model.llm(), Objects.requireNonNull(text.output()), new int[][] {{2, 5, 6, 7}, {2, 9}});
            sampled.mul(sampled).mean().add(next).backward();
            for (var name : List.of("llm.layers.0.self_attn.k_proj.weight", "llm.layers.1.mlp.up_proj.weight", "llm.embed_tokens.weight",
                    "dit.layers.0.self_attn.q_proj.weight")) {
                var gradient = Objects.requireNonNull(weights.parameter(name).gradient(), name);
                assertThat(gradient.abs().sum().item()).as(name).isPositive().isFinite();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"gemma2, true, false", "gemma3, true, true", "llama, false, false", "qwen3, false, true"})
    void familiesHaveTheirNorms(String family, boolean sandwich, boolean queryKey) {
        var text = config("model.llm.family=" + family).text();
        assertThat(text.family().hasSandwichNorms()).isEqualTo(sandwich);
        assertThat(text.family().hasQueryKeyNorms()).isEqualTo(queryKey);
        assertThat(text.tied()).as("a fused model has no head").isTrue();
    }

    @Test
    void aNamedModelHasItsOwnVocabularyAndAsManyLayersAsTheImageReads() {
        var whole = named("google/gemma-2b", "model.dit.layers=18");
        assertThat(whole.vocabulary()).isEqualTo(256_000);
        assertThat(whole.layers()).isEqualTo(18);
        assertThat(named("google/gemma-2b", "model.dit.layers=10", "model.initial_layers=4").layers()).isEqualTo(14);
        assertThat(named("google/gemma-2b", "model.dit.layers=10", "model.shared_layers=[2, 3]").layers()).isEqualTo(4);
        assertThat(named("google/gemma-2-2b", "model.fusion=shallow-joint").layers()).as("a hidden state is of the last layer")
                .isEqualTo(26);
        assertThat(named("google/gemma-2b", "model.llm.layers=3").layers()).isEqualTo(3);
    }

    @Test
    void latentsHaveTheAutoencodersChannelsAndClipItsWidth() {
        var model = minimal("model.vae=stabilityai/stable-diffusion-3-medium-diffusers", "data.image_size=64",
                "model.clip=openai/clip-vit-large-patch14").model();
        assertThat(model.channels()).isEqualTo(16);
        assertThat(model.pixels()).isEqualTo(8);
        var image = ((FuseDiTConfig) RecipeModelConfigs.of(model, WORDS, 8)).image();
        assertThat(image.inChannels()).isEqualTo(16);
        assertThat(image.outChannels()).isEqualTo(16);
        assertThat(image.pooledText()).isEqualTo(768);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "model.llm={kind: pretrained, name: google/gema-2b} | 'name' in 'model.llm' must be that of a language model that is known here, but is 'google/gema-2b'. Did you mean 'google/gemma-2b'?",
        "model.llm={kind: pretrained, name: gpt-4} | Known: google/gemma-2b, google/gemma-2b-it",
        "model.llm={kind: pretrained, name: google/gemma-2b, layers: 19} | 'layers' in 'model.llm' must be from 1 to the 18 that google/gemma-2b has, but is 19",
        "model.vae=stabilityai/stable-diffusion-3-medium-difusers | Did you mean 'stabilityai/stable-diffusion-3-medium-diffusers'?",
        "model.clip=openai/clip-vit-large-patch41 | Did you mean 'openai/clip-vit-large-patch14'?",
        "model.dit.channels=4 | 'dit.channels' in 'model' must be 3, the channels of what the model is given, but is 4"})
    void unknownNamesAreRefusedWithASuggestion(String setting, String message) {
        assertThatThrownBy(() -> minimal(setting)).isInstanceOf(UserError.class).hasMessageContaining(message);
    }
}
