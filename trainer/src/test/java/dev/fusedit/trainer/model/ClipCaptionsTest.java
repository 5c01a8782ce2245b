package dev.fusedit.trainer.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.fusion.vision.ClipTextConfig;
import dev.fusedit.fusion.vision.ClipTextModel;
import dev.fusedit.nn.Activation;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.sampling.ImageSampler;
import dev.fusedit.trainer.stage.TinyStage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class ClipCaptionsTest {
    private static final int WIDTH = 8;

    @TempDir
    Path folder;

    @BeforeEach
    void writeAClip() throws IOException {
        var words = WordTokenizer.of(BlocksText.words());
        var config = new ClipTextConfig(words.size(), 16, 32, WIDTH, 2, 2, 24, 1e-5, Activation.QUICK_GELU, 2);
        try (var weights = Weights.fresh(Seed.of(3), DTypePolicy.F32)) {
            ClipTextModel.of(config, weights);
            weights.save(folder.resolve("model.safetensors"));
        }
        Files.writeString(folder.resolve("config.json"), config.json().toString());
        Files.writeString(folder.resolve("tokenizer.json"), words.toLibraryJson());
    }

    /// A fused model that takes a second reading of the captions.
    private ModelBundle bundle(Recipe recipe, WordTokenizer tokenizer) {
        var plain = (FuseDiTConfig) RecipeModelConfigs.of(recipe.model(), tokenizer.size(), recipe.data().imageSize());
        var image = plain.image().toBuilder().pooledText(WIDTH).build();
        var config = new FuseDiTConfig(plain.text(), image, plain.fusion(), plain.initialLayers(), plain.shared(), plain.attention());
        var weights = Weights.fresh(Seed.of(1), Precisions.of(recipe));
        return new ModelBundle(weights, config.build(weights), tokenizer, Latents.PIXELS,
                ClipCaptions.read(folder, Device.CPU, "weights.clip"));
    }

    @Test
    void aModelLearnsToReadItsVectors() {
        try (var tiny = TinyStage.of(this::bundle, "stages.joint.accumulation=2", "stages.joint.losses={flow: {}}");
                var loop = tiny.loop()) {
            var before = tiny.everything();
            loop.step();
            assertThat(TinyStage.differences(before, tiny.everything())).contains("master dit.condition_embedder.1.weight");
            assertThat(tiny.bundle.clip().weights().trainable()).isEmpty();
        }
    }

    @Test
    void imagesFollowTheVectorsOfTheirOwnPrompts() {
        try (var tiny = TinyStage.of(this::bundle)) {
            var clip = tiny.bundle.clip();
            var two = clip.of(List.of("a red circle", "a blue square"));
            assertThat(two.shape()).containsExactly(2, WIDTH);
            assertThat(two.narrow(0, 1, 1).allClose(clip.of(List.of("a blue square")), 1e-5, 1e-6)).isTrue();
            assertThat(two.narrow(0, 0, 1).allClose(two.narrow(0, 1, 1), 1e-3, 1e-3)).isFalse();
            assertThat(two.requiresGrad()).isFalse();
            var sampler = ImageSampler.of(tiny.recipe, tiny.bundle);
            var seededPrompts = List.of(new ImageSampler.SeededPrompt("a red circle", Seed.of(1)),
                    new ImageSampler.SeededPrompt("a blue square", Seed.of(2)));
            assertThat(sampler.sample(seededPrompts).getLast()).isEqualTo(sampler.sample(seededPrompts.subList(1, 2)).getFirst());
        }
    }
}
