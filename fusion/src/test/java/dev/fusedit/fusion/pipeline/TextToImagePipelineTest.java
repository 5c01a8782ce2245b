package dev.fusedit.fusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.dit.ImagePositions;
import dev.fusedit.fusion.dit.SharedLayers;
import dev.fusedit.fusion.dit.TimeConditioning;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.Guidance;
import dev.fusedit.fusion.flow.NoiseRange;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.Shift;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.UserError;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class TextToImagePipelineTest {
    private final List<Weights> weights = new ArrayList<>();
    private TextToImagePipeline pipeline;

    @BeforeEach
    void build() {
        var model = model(new ImagePositions.Absolute(4, 8));
        var vae = AutoencoderKL.of(new AutoencoderConfig(3, 3, List.of(8, 8), 1, 4, 4, 16, 1, 0, false, false, true), random());
        for (var all : weights) { // nothing stays 0, or every image would be the same
            try (var _ = Autograd.noGrad(); var _ = TensorScope.open()) {
                all.all().forEach(
                        p -> p.master().addInPlace(Tensor.randn(Seed.of(2).derive(p.name()), DType.F32, p.master().shape()).mul(0.1)));
            }
        }
        pipeline = new TextToImagePipeline(model, WordTokenizer.of(List.of("a", "red", "blue", "cat")), null, vae,
                FlowMatchScheduler.shifted(1), new Prediction.Velocity(), false);
    }

    private FuseDiT model(ImagePositions positions) {
        var text = LanguageModelConfig.gemma(20, 16, 24, 2, 2, 1, 8);
        var image = DiTConfig.beside(text, positions, new TimeConditioning.AdaLnZero()).layers(2).channels(4).qkNorm(true).build();
        return FuseDiT.of(new FuseDiTConfig(text, image, new Fusion.JointSelfAttention(), 0, new SharedLayers.All()), random());
    }

    private FuseDiT rotary() { return model(new ImagePositions.Rope2d()); }

    private Weights random() {
        weights.add(Weights.fresh(Seed.of(1), DTypePolicy.F32));
        return weights.getLast();
    }

    @AfterEach
    void close() { weights.forEach(Weights::close); }

    private static ImageRequest request() { return ImageRequest.of(8, 12, "a red cat", "blue").steps(3).guidance(3); }

    @Test
    void aSplitBatchGeneratesTheSameImages() {
        var whole = pipeline.generate(request().each(2));
        var split = pipeline.generate(request().each(2).batch(3));
        assertThat(whole.pixels_B3HW().shape()).containsExactly(4, 3, 8, 12);
        assertThat(split.latents_BCHW().allClose(whole.latents_BCHW(), 1e-5, 1e-5)).isTrue();
        assertThat(whole.bytes()).hasSize(4).allMatch(image -> image.length == 8 * 12 * 3);
    }

    /// What libtorch throws where there is no memory, from within a batch of more images than so many.
    private static TextToImagePipeline.Progress memoryFor(int images, List<String> seen) {
        return (first, step) -> {
            seen.add(first + "+" + step.latents().size(0) + "." + step.number());
            if (step.latents().size(0) > images && step.number() == 1) {
                throw new TorchException("mm", "CUDA out of memory. Tried to allocate 2.00 GiB.", List.of());
            }
        };
    }

    @Test
    void whereMemoryDoesNotHoldABatchItIsHalvedAndTheImagesAreTheSame() {
        var whole = pipeline.generate(request().each(4));
        var seen = new ArrayList<String>();
        var split = pipeline.generate(request().each(4), memoryFor(3, seen));
        assertThat(split.latents_BCHW().allClose(whole.latents_BCHW(), 1e-5, 1e-5)).isTrue();
        assertThat(split.pixels_B3HW().allClose(whole.pixels_B3HW(), 1e-5, 1e-5)).isTrue();
        assertThat(seen).as("8, then 4, then 2 images at once, and not more again")
                .startsWith("0+8.0", "0+8.1", "0+4.0", "0+4.1", "0+2.0")
                .endsWith("6+2.0", "6+2.1", "6+2.2").doesNotContain("2+4.0", "4+4.0").hasSize(4 + 4 * 3);
    }

    @Test
    void aImageThatMemoryDoesNotHoldIsTheCallersMistake() {
        assertThatThrownBy(() -> pipeline.generate(request(), memoryFor(0, new ArrayList<>()))).isInstanceOf(UserError.class)
                .hasMessageContaining("even one image of 8 x 12").hasMessageContaining("Sample a smaller one");
        assertThatThrownBy(() -> pipeline.generate(request(), (_, _) -> {
            throw new TorchException("mm", "sizes do not fit", List.of());
        })).as("another failure is none of memory").isInstanceOf(TorchException.class);
    }

    /// An image of 2^52 pixels: its noise alone is 4 petabytes.
    @Test
    void realMemoryThatIsTooSmallIsToldToo() {
        var huge = new TextToImagePipeline(rotary(), pipeline.tokenizer(), null, pipeline.space(), pipeline.scheduler(),
                pipeline.prediction(), false);
        assertThatThrownBy(() -> huge.generate(ImageRequest.of(1 << 26, 1 << 26, "a"))).isInstanceOf(UserError.class)
                .hasMessageContaining("memory does not hold");
    }

    /// Fresh noise too is each image's own, in whatever batch it is.
    @Test
    void aStochasticSolverDrawsAnImageAlikeAloneAndInCompany() {
        var stochastic = request().each(2).solver(Solver.EULER_STOCHASTIC);
        var all = pipeline.generate(stochastic.seeds(List.of(Seed.of(5), Seed.of(6), Seed.of(5), Seed.of(7)))).latents_BCHW();
        var alone = pipeline
                .generate(ImageRequest.of(8, 12, "blue").steps(3).guidance(3).solver(Solver.EULER_STOCHASTIC).seeds(List.of(Seed.of(7))));
        assertThat(all.narrow(0, 3, 1).allClose(alone.latents_BCHW(), 1e-4, 1e-4)).isTrue();
        assertThat(pipeline.generate(stochastic).latents_BCHW().allClose(pipeline.generate(stochastic.batch(3)).latents_BCHW(), 1e-4, 1e-4))
                .isTrue();
        assertThat(all.allClose(
                pipeline.generate(request().each(2).seeds(List.of(Seed.of(5), Seed.of(6), Seed.of(5), Seed.of(7)))).latents_BCHW(),
                1e-2, 1e-2)).as("unlike Euler's").isFalse();
        var noise = Tensor.zeros(DType.F32, 4, 3, 8, 12);
        assertThatThrownBy(() -> stochastic.latents(noise)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("euler-stochastic");
    }

    @Test
    void eachImageHasItsSeedAndItsPrompt() {
        var all = pipeline.generate(request().each(2).seeds(List.of(Seed.of(5), Seed.of(6), Seed.of(5), Seed.of(7)))).latents_BCHW();
        var alone = pipeline.generate(ImageRequest.of(8, 12, "blue").steps(3).guidance(3).seeds(List.of(Seed.of(7)))).latents_BCHW();
        assertThat(all.narrow(0, 2, 1).allClose(all.narrow(0, 0, 1), 1e-5, 1e-5)).as("the same prompt and seed").isTrue();
        assertThat(all.narrow(0, 1, 1).allClose(all.narrow(0, 0, 1), 1e-3, 1e-3)).isFalse();
        assertThat(all.narrow(0, 3, 1).allClose(alone, 1e-5, 1e-5)).isTrue();
    }

    @Test
    void withoutGuidanceTheNegativePromptIsNotRead() {
        var plain = pipeline.generate(request().guidance(1)).latents_BCHW();
        assertThat(pipeline.generate(request().guidance(1).negative("blue cat")).latents_BCHW().sameValues(plain)).isTrue();
        var guided = pipeline.generate(request()).latents_BCHW();
        assertThat(guided.allClose(plain, 1e-3, 1e-3)).isFalse();
        assertThat(pipeline.generate(request().negative("blue cat")).latents_BCHW().allClose(guided, 1e-4, 1e-4)).isFalse();
    }

    /// A lane is a branch: the empty text has one column and not the prompts' four, and the image is the same.
    @Test
    void branchesAreNotPaddedToEachOther() {
        var text = pipeline.model().text(Prompt.of(new int[] {2, 4, 5, 6}, new int[] {2, 6}, new int[] {2}));
        int[] branches = {2, 2, 0, 1};
        var noisy = Tensor.randn(Seed.of(9), DType.F32, 4, 4, 4, 6);
        var times = Tensor.of(new float[] {500, 500, 500, 500});
        try (var _ = Autograd.noGrad();
                var padded = new TextBound(pipeline.model(), text, branches, null, Lanes.of(1));
                var apart = new TextBound(pipeline.model(), text, branches, null, Lanes.of(2))) {
            assertThat(padded.columns()).isEqualTo(4 * 4);
            assertThat(apart.columns()).isEqualTo(2 * 1 + 2 * 4);
            var whole = padded.predict(noisy, times);
            assertThat(apart.predict(noisy, times).allClose(whole, 1e-5, 1e-5)).isTrue();
            assertThat(whole.narrow(0, 2, 1).allClose(whole.narrow(0, 3, 1), 1e-3, 1e-3)).as("texts count").isFalse();
        }
    }

    @Test
    void promptsThatAreAllShorterThanTheRestArePaddedToTheirOwnLongest() {
        var text = pipeline.model().text(Prompt.of(new int[] {2, 4, 5, 6}, new int[] {2, 6}, new int[] {2, 4, 7}));
        try (var bound = new TextBound(pipeline.model(), text, new int[] {1, 2, 1}, null, Lanes.of(1))) {
            assertThat(bound.columns()).isEqualTo(3 * 3);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRequestsSolverAndIntervalAreFollowed(Solver solver) {
        var way = request().steps(6).solver(solver);
        var everywhere = pipeline.generate(way).latents_BCHW();
        var some = way.guidance(Guidance.of(3).at(new NoiseRange(0.4, 0.8)));
        assertThat(pipeline.generate(some).latents_BCHW().allClose(everywhere, 1e-3, 1e-3)).isFalse();
        assertThat(pipeline.generate(some.each(2).batch(3)).latents_BCHW().narrow(0, 0, 2).allClose(pipeline.generate(some).latents_BCHW(),
                1e-4,
                1e-4)).as("a split batch").isTrue();
        var none = way.guidance(Guidance.of(3).at(new NoiseRange(0, 1e-6)));
        assertThat(pipeline.generate(none).latents_BCHW().allClose(pipeline.generate(way.guidance(1)).latents_BCHW(), 1e-5, 1e-5))
                .as("an interval without a level is no guidance").isTrue();
        assertThat(pipeline.evaluations(none)).isEqualTo(solver == Solver.HEUN ? 11 : 6);
        assertThat(pipeline.evaluations(way)).isEqualTo(solver == Solver.HEUN ? 22 : 12);
        assertThat(pipeline.evaluations(some)).isBetween(pipeline.evaluations(none) + 1, pipeline.evaluations(way) - 1);
        if (solver != Solver.EULER) {
            assertThat(pipeline.generate(way.solver(Solver.EULER)).latents_BCHW().sameValues(everywhere)).isFalse();
        }
    }

    @Test
    void noiseMayBeGivenAndStepsAreSeen() {
        var noise = Tensor.randn(Seed.of(9), DType.F32, 2, 4, 4, 6);
        var seen = new ArrayList<String>();
        var sampled = pipeline.generate(request().latents(noise).batch(1), (first, step) -> seen.add(first + "." + step.number()));
        assertThat(seen).containsExactly("0.0", "0.1", "0.2", "1.0", "1.1", "1.2");
        assertThat(sampled.latents_BCHW().sameValues(noise)).isFalse();
        assertThatThrownBy(() -> pipeline.generate(request().latents(Tensor.zeros(DType.F32, 2, 4, 4, 4))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("initial latents");
    }

    /// 8 x 12 pixels are 4 x 6 latents, or 2 x 3 patches.
    @Test
    void aDynamicShiftFollowsTheImagesSize() {
        var dynamic = new Shift.Dynamic(0, 1, 2, 10);
        var sampled = with(dynamic).generate(request()).latents_BCHW();
        assertThat(with(new Shift.OfSize(0.5)).generate(request()).latents_BCHW().sameValues(sampled)).isTrue();
        assertThat(with(new Shift.OfSize(0)).generate(request()).latents_BCHW().allClose(sampled, 1e-3, 1e-3)).isFalse();
    }

    private TextToImagePipeline with(Shift shift) {
        return new TextToImagePipeline(pipeline.model(), pipeline.tokenizer(), null, pipeline.space(), pipeline.scheduler().of(shift),
                pipeline.prediction(), false);
    }

    @Test
    void aSizeOfBrokenPatchesNamesTheNearest() {
        assertThatThrownBy(() -> pipeline.generate(ImageRequest.of(10, 12, "a"))).isInstanceOf(UserError.class)
                .hasMessageContaining("8 x 12 and 12 x 12");
        assertThatThrownBy(() -> pipeline.generate(ImageRequest.of(3, 7, "a"))).hasMessageContaining("4 x 4 and 4 x 8");
        assertThatThrownBy(() -> pipeline.generate(ImageRequest.of(8, 32, "a"))).isInstanceOf(UserError.class)
                .hasMessageContaining("ends at 16 pixels");
    }
}
