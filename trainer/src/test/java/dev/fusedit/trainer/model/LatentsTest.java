package dev.fusedit.trainer.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
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
class LatentsTest {
    private static final AutoencoderConfig CONFIG =
            new AutoencoderConfig(3, 3, List.of(8, 16, 16, 16), 1, 4, 4, 32, 0.5, 0.1, true, true, true);

    @TempDir
    Path folder;

    @BeforeEach
    void writeAnAutoencoder() throws IOException {
        try (var weights = Weights.fresh(Seed.of(3), DTypePolicy.F32)) {
            AutoencoderKL.of(CONFIG, weights);
            weights.save(folder.resolve("diffusion_pytorch_model.safetensors"));
        }
        Files.writeString(folder.resolve("config.json"), CONFIG.json().toString());
    }

    private TinyStage stage(String... settings) {
        return TinyStage.of(java.util.stream.Stream.concat(
                java.util.stream.Stream.of("model.vae=stable-diffusion-v1-5/stable-diffusion-v1-5",
                        "weights.vae=" + folder, "weights.accept=[vae]", "model.dit.channels=4", "model.dit.patch=2",
                        "model.prediction=velocity"),
                java.util.stream.Stream.of(settings)).toArray(String[]::new));
    }

    @Test
    void latentsAreScaledSamplesOfThePosterior() {
        try (var latents = Latents.Encoded.read(folder, dev.fusedit.torch.Device.CPU, "weights.vae");
                var _ = TensorScope.open();
                var _ = Autograd.noGrad()) {
            var images = Tensor.randn(Seed.of(1), DType.F32, 11, 3, 32, 32).clamp(-1, 1);
            var made = latents.of(images, Seed.of(5));
            assertThat(made.shape()).containsExactly(11, 4, 4, 4);
            for (int i : new int[] {0, 9}) {
                var posterior = latents.vae().encode(images.narrow(0, i, 1));
                var noise = Tensor.randn(Seed.of(5).derive("posterior", i), DType.F32, 4, 4, 4);
                var expected = posterior.mean_BCHW().add(posterior.logvar_BCHW().mul(0.5).exp().mul(noise)).sub(0.1).mul(0.5);
                assertThat(made.narrow(0, i, 1).allClose(expected, 1e-5, 1e-5)).as("image %s", i).isTrue();
            }
            assertThat(latents.of(images, Seed.of(5)).sameValues(made)).isTrue();
            assertThat(latents.of(images, Seed.of(6)).sameValues(made)).isFalse();
            assertThat(latents.space().images(made).shape()).containsExactly(11, 3, 32, 32);
        }
    }

    /// So latents that are kept are those that a step computes.
    @Test
    void whatIsEncodedDoesNotDependOnNeighbours() {
        try (var latents = Latents.Encoded.read(folder, dev.fusedit.torch.Device.CPU, "weights.vae"); var _ = TensorScope.open()) {
            var images = Tensor.randn(Seed.of(1), DType.F32, 9, 3, 48, 32).clamp(-1, 1);
            var all = latents.encoded(images);
            for (int i = 0; i < 9; i++) {
                assertThat(latents.encoded(images.narrow(0, i, 1)).sameValues(all.narrow(0, i, 1).contiguous())).as("image %d", i).isTrue();
            }
            assertThat(latents.encoded(images.narrow(0, 3, 4)).sameValues(all.narrow(0, 3, 4).contiguous())).isTrue();
            assertThat(latents.drawn(all, Seed.of(5), 0).sameValues(latents.of(images, Seed.of(5)))).isTrue();
        }
    }

    @Test
    void aModelLearnsLatentsOfAFrozenAutoencoderAndSamplesImages() {
        try (var tiny = stage("stages.joint.steps=30", "stages.joint.lr={dit: 1e-2, llm: 1e-3}", "stages.joint.accumulation=2");
                var loop = tiny.loop()) {
            var vae = ((Latents.Encoded) tiny.bundle.latents()).weights();
            var before = vae.parameter("encoder.conv_in.weight").master().copy();
            var first = loop.step();
            var last = first;
            while (!loop.isDone()) {
                last = loop.step();
            }
            assertThat(last.losses().get("flow")).isLessThan(0.8 * first.losses().get("flow"));
            assertThat(vae.parameter("encoder.conv_in.weight").master().sameValues(before)).isTrue();
            assertThat(vae.trainable()).isEmpty();
            var sampler = ImageSampler.of(tiny.recipe, tiny.bundle);
            var seededPrompts = List.of(new ImageSampler.SeededPrompt("a red circle", Seed.of(1)),
                    new ImageSampler.SeededPrompt("a blue square", Seed.of(2)));
            var sampled = sampler.sample(seededPrompts);
            assertThat(sampled.getFirst()).hasSize(32 * 32 * 3);
            assertThat(sampler.sample(seededPrompts.subList(1, 2)).getFirst()).as("alone or in company").isEqualTo(sampled.getLast());
        }
    }

    @Test
    void aModelThatDoesNotSayItsChannelsTakesTheLatents() {
        try (var tiny = stage("model.dit={width: 64, layers: 2, patch: 2}")) {
            assertThat(tiny.bundle.model().config().image().inChannels()).isEqualTo(4);
        }
    }

    @Test
    void whatIsMissingOrDoesNotFitIsSaid() throws IOException {
        assertThatThrownBy(() -> stage("weights.accept=[]")).isInstanceOf(UserError.class)
                .hasMessageContaining("scaling_factor: 0.5 in the file, 0.18215 in stable-diffusion-v1-5/stable-diffusion-v1-5")
                .hasMessageContaining("shift_factor: 0.1").hasMessageContaining("weights.accept: [vae]");
        assertThatThrownBy(() -> stage("weights={}")).isInstanceOf(UserError.class).hasMessageContaining("weights.vae");
        Files.delete(folder.resolve("config.json"));
        assertThatThrownBy(this::stage).isInstanceOf(UserError.class)
                .hasMessageContaining("config.json: no such file. weights.vae needs the folder");
    }
}
