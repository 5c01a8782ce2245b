package dev.fusedit.fusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.dit.DetailHeadConfig;
import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.fusion.dit.DualStreamDiTConfig;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.dit.ImagePositions;
import dev.fusedit.fusion.dit.SharedLayers;
import dev.fusedit.fusion.dit.TimeConditioning;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.Guidance;
import dev.fusedit.fusion.flow.NoiseRange;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.fusion.vae.Pixels;
import dev.fusedit.nn.DTypePolicy;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Models without an autoencoder, as the quickstart trains one.
@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class PixelPipelineTest {
    private static final SamplingSettings DEFAULTS = new SamplingSettings(8, 12, Solver.EULER, 4, Guidance.of(2), 3);

    /// One whose transformer the paper's class can be filled with.
    private static LoadedPipeline pixels(int channels) { return pixels(channels, 16, 24); }

    private static LoadedPipeline pixels(int channels, int width, int mlpWidth) {
        return pixels(channels, width, mlpWidth,
                (text, image) -> new FuseDiTConfig(text, image, new Fusion.JointSelfAttention(), 0, new SharedLayers.All()));
    }

    private static LoadedPipeline pixels(int channels, int width, int mlpWidth,
            BiFunction<LanguageModelConfig, DiTConfig, ImageModelConfig> config) {
        var text = LanguageModelConfig.gemma(20, 16, 24, 2, 2, 1, 8);
        var image = DiTConfig.beside(text, new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero()).width(width)
                .intermediate(mlpWidth).layers(2).patch(4).channels(channels).qkNorm(true).build();
        var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32);
        try (var _ = Autograd.noGrad(); var _ = TensorScope.open()) {
            var model = config.apply(text, image).build(weights);
            weights.all()
                    .forEach(p -> p.master().addInPlace(Tensor.randn(Seed.of(2).derive(p.name()), DType.F32, p.master().shape()).mul(0.1)));
            return LoadedPipeline
                    .of(new TextToImagePipeline(model, WordTokenizer.of(List.of("a", "red", "blue", "cat")), null, new Pixels(),
                            FlowMatchScheduler.even(2), new Prediction.X0WithVLoss(), false), DEFAULTS, weights);
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    /// What is written stays there, for `pipelines.py` to sample the same in Python.
    @Test
    void whatIsWrittenGeneratesTheSame(@TempDir Path temp) throws IOException {
        var folder = temp.resolve("pixels");
        try (var _ = TensorScope.open(); var first = pixels(3)) {
            var noise = Tensor.randn(Seed.of(9), DType.F32, 2, 3, 8, 12);
            var request = first.defaults().request(List.of("a red cat", "blue")).latents(noise);
            var sampled = first.pipeline().generate(request).pixels_B3HW();
            PipelineFolder.writeNew(folder, first, null);
            try (var again = PipelineFolder.read(folder)) {
                assertThat(again.defaults()).isEqualTo(DEFAULTS);
                assertThat(again.pipeline().scheduler()).isEqualTo(first.pipeline().scheduler());
                assertThat(again.pipeline().generate(request).pixels_B3HW().sameValues(sampled)).isTrue();
                assertThat(PipelineNotes.of(again)).isEqualTo(PipelineNotes.of(first));
                PipelineFolder.write(PipelineFolderTest.WRITTEN.resolve("pixels"), again);
            }
            SafeTensors.write(PipelineFolderTest.WRITTEN.resolve("pixels/drawn.safetensors"), Map.of("noise", noise, "pixels", sampled),
                    Map.of());
        }
    }

    /// The language model of such a model is a part of its own.
    @Test
    void aDualStreamModelGeneratesTheSame(@TempDir Path folder) throws IOException {
        try (var _ = TensorScope.open(); var first = pixels(3, 16, 24, (text, image) -> new DualStreamDiTConfig(text, image, -2, 1))) {
            var request = first.defaults().request(List.of("a red cat", "blue")).latents(Tensor.randn(Seed.of(9), DType.F32, 2, 3, 8, 12));
            var sampled = first.pipeline().generate(request).pixels_B3HW();
            PipelineFolder.writeNew(folder.resolve("dual"), first, null);
            assertThat(folder.resolve("dual/llm/config.json")).exists();
            assertThat(Files.readString(folder.resolve("dual/model_index.json"))).contains("PixelMMDiTPipeline");
            try (var again = PipelineFolder.read(folder.resolve("dual"))) {
                assertThat(again.pipeline().model().config()).isEqualTo(first.pipeline().model().config());
                assertThat(again.pipeline().generate(request).pixels_B3HW().sameValues(sampled)).isTrue();
                assertThat(PipelineNotes.of(again).limits()).anyMatch(limit -> limit.contains("no dual-stream blocks"));
            }
        }
    }

    @Test
    void aModelWithADetailHeadGeneratesTheSame(@TempDir Path folder) throws IOException {
        try (var _ = TensorScope.open();
                var first = pixels(3, 16, 24, (text, image) -> new FuseDiTConfig(text,
                        image.toBuilder().detailHead(new DetailHeadConfig(6, 3)).build(), new Fusion.JointSelfAttention(), 0,
                        new SharedLayers.All()))) {
            var request = first.defaults().request(List.of("a red cat", "blue")).latents(Tensor.randn(Seed.of(9), DType.F32, 2, 3, 8, 12));
            var sampled = first.pipeline().generate(request).pixels_B3HW();
            PipelineFolder.writeNew(folder.resolve("detailed"), first, null);
            try (var again = PipelineFolder.read(folder.resolve("detailed"))) {
                assertThat(again.pipeline().model().config()).isEqualTo(first.pipeline().model().config());
                assertThat(again.pipeline().generate(request).pixels_B3HW().sameValues(sampled)).isTrue();
                assertThat(PipelineNotes.of(again).limits()).anyMatch(limit -> limit.contains("no detail head"));
            }
        }
    }

    /// Folders of models that generate images as usual have nothing of it in their index.
    @Test
    void anotherSolverAndIntervalAreWrittenAndRead(@TempDir Path temp) throws IOException {
        var other = new SamplingSettings(8, 12, Solver.DPMPP_2M, 4, Guidance.of(2).at(new NoiseRange(0.25, 0.75)), 3);
        try (var _ = TensorScope.open(); var model = pixels(3)) {
            PipelineFolder.writeNew(temp.resolve("other"), model.sampling(other), null);
            PipelineFolder.writeNew(temp.resolve("usual"), model, null);
        }
        try (var again = PipelineFolder.read(temp.resolve("other"))) {
            assertThat(again.defaults()).isEqualTo(other);
            assertThat(PipelineNotes.of(again).limits())
                    .anyMatch(limit -> limit.contains("solver dpmpp-2m, guidance at noise levels 0.25..0.75"));
        }
        assertThat(Files.readString(temp.resolve("usual/model_index.json"))).doesNotContain("solver", "interval");
        var index = temp.resolve("other/model_index.json");
        var text = Files.readString(index);
        Files.writeString(index, text.replace("dpmpp-2m", "dpmpp-3m"));
        assertThatThrownBy(() -> PipelineFolder.read(temp.resolve("other"))).isInstanceOf(UserError.class)
                .hasMessageContaining("model_index.json")
                .hasMessageContaining("solver must be one of euler, euler-stochastic, heun, dpmpp-2m");
        Files.writeString(index, text.replace("0.25", "0.8"));
        assertThatThrownBy(() -> PipelineFolder.read(temp.resolve("other"))).isInstanceOf(UserError.class)
                .hasMessageContaining("0 <= low < high <= 1");
    }

    @Test
    void whatPythonCannotUseIsSaid() {
        try (var model = pixels(3)) {
            assertThat(PipelineNotes.of(model).limits()).hasSize(3).anyMatch(limit -> limit.contains("no vae/"))
                    .anyMatch(limit -> limit.contains("'spacing'")).anyMatch(limit -> limit.contains("'prediction_type'"));
        }
        try (var model = pixels(3, 32, 40)) {
            assertThat(PipelineNotes.of(model).limits()).anyMatch(limit -> limit.contains("MLPs are 40 wide"))
                    .anyMatch(limit -> limit.contains("a width (32) other than the language model's (16)"));
        }
        try (var model = pixels(3, 16, 24,
                (text, image) -> new FuseDiTConfig(text, image, new Fusion.GatedJointAttention(), 0, new SharedLayers.All()))) {
            assertThat(PipelineNotes.of(model).limits()).anyMatch(limit -> limit.contains("'gated-self'"));
        }
    }

    @Test
    void aModelOfLatentsIsNone() {
        assertThatThrownBy(() -> pixels(4)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("4 channels")
                .hasMessageContaining("have 3");
    }
}
