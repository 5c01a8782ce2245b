package dev.fusedit.trainer.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.fusion.vision.DinoConfig;
import dev.fusedit.fusion.vision.Normalization;
import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.Losses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class RepaLossTest {
    private static final DinoConfig CONFIG = new DinoConfig(12, 2, 2, 2, 16, 4, 1e-6, 0, false, false, true);

    private static Losses.Repa recipe(Losses.Match match, @Nullable Integer untilStep) {
        return new Losses.Repa(0.5, new Losses.Teacher.Random(0), 1, 9, match, untilStep);
    }

    private static Teacher teacher() {
        var weights = Weights.fresh(Seed.of(3), DTypePolicy.F32);
        return new Teacher(DinoModel.of(CONFIG, 0.3, weights), weights, Normalization.PLAIN);
    }

    private static Tensor images(int height, int width) { return Tensor.rand(Seed.of(4), DType.F32, 2, 3, height, width).mul(2).sub(1); }

    /// By the equation, number by number.
    @Test
    void isTheMeanCosineWithTheTeachersFeatures() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32); var teacher = teacher()) {
            var loss = new RepaLoss(recipe(Losses.Match.RESIZE_PICTURE, null), teacher, Projection.of(weights, 6, 9, 12));
            var h = Tensor.randn(Seed.of(2), DType.F32, 2, 16, 6);
            var wanted = teacher.features(images(16, 16), 4, 4, Losses.Match.RESIZE_PICTURE).toDoubles();
            var state = weights.state();
            var x = h.linear(state.get("first.weight"), state.get("first.bias"));
            x = x.mul(x.sigmoid()).linear(state.get("second.weight"), state.get("second.bias"));
            var given = x.mul(x.sigmoid()).linear(state.get("last.weight"), state.get("last.bias")).toDoubles();
            double mean = 0;
            for (int n = 0; n < 32; n++) {
                double dot = 0, a = 0, b = 0;
                for (int f = 0; f < 12; f++) {
                    dot += given[n * 12 + f] * wanted[n * 12 + f];
                    a += given[n * 12 + f] * given[n * 12 + f];
                    b += wanted[n * 12 + f] * wanted[n * 12 + f];
                }
                mean += dot / Math.sqrt(a * b) / 32;
            }
            assertThat(loss.of(h, 4, 4, new CleanImages.Pixels(images(16, 16))).item()).isCloseTo(-mean, within(1e-5));
            assertThatThrownBy(() -> loss.of(h, 4, 5, new CleanImages.Pixels(images(16, 16)))).hasMessageContaining("no grid of 4 × 5");
        }
    }

    /// Rows of tokens are rows of the image: a teacher whose positions say nothing and whose layers do nothing sees each patch alone.
    @Test
    void gridsKeepTheirPlaces() {
        var weights = Weights.fresh(Seed.of(3), DTypePolicy.F32);
        var flat = new DinoConfig(12, 1, 2, 2, 8, 4, 1e-6, 0, false, false, true);
        try (var teacher = new Teacher(DinoModel.of(flat, 0.3, weights), weights, Normalization.PLAIN)) {
            for (var name : new String[] {"layer_scale1.lambda1", "layer_scale2.lambda1"})
                weights.parameter("encoder.layer.0." + name).master().zeroInPlace();
            weights.parameter("embeddings.position_embeddings").master().zeroInPlace();
            var image = Tensor.zeros(DType.F32, 1, 3, 8, 8);
            image.narrow(2, 4, 4).narrow(3, 0, 4).fillInPlace(1); // lower left
            var features = teacher.features(image, 2, 2, Losses.Match.RESIZE_PICTURE);
            assertThat(features.get(0).get(0).allClose(features.get(0).get(1), 1e-5, 1e-6)).isTrue();
            assertThat(features.get(0).get(0).allClose(features.get(0).get(3), 1e-5, 1e-6)).isTrue();
            assertThat(features.get(0).get(0).allClose(features.get(0).get(2), 1e-2, 1e-2)).isFalse();
        }
    }

    /// The teacher's grid is 4 × 4, the image's 2 × 2: either the image is shrunk, or features are averaged.
    @Test
    void gridsAreMatchedByTheImageOrByFeatures() {
        try (var teacher = teacher()) {
            var image = images(16, 16);
            var own = teacher.features(image, 4, 4, Losses.Match.RESIZE_PICTURE);
            assertThat(own.shape()).containsExactly(2, 16, 12);
            assertThat(teacher.features(image, 4, 4, Losses.Match.INTERPOLATE_FEATURES).sameValues(own)).as("as it is").isTrue();

            var shrunk = teacher.features(image, 2, 2, Losses.Match.RESIZE_PICTURE);
            var interpolated = teacher.features(image, 2, 2, Losses.Match.INTERPOLATE_FEATURES);
            assertThat(shrunk.shape()).isEqualTo(interpolated.shape()).containsExactly(2, 4, 12);
            assertThat(shrunk.allClose(interpolated, 1e-2, 1e-2)).isFalse();
            var grid = own.transpose(1, 2).reshape(2, 12, 4, 4).upsampleBilinear2d(2, 2, true).flatten(2, 3).transpose(1, 2);
            assertThat(interpolated.allClose(grid, 1e-5, 1e-6)).isTrue();
            var even = Tensor.full(0.25, DType.F32, 1, 3, 16, 16);
            assertThat(teacher.features(even, 2, 2, Losses.Match.RESIZE_PICTURE)
                    .allClose(teacher.features(Tensor.full(0.25, DType.F32, 1, 3, 8, 8), 2, 2, Losses.Match.RESIZE_PICTURE), 1e-4, 1e-5))
                    .as("an even image stays even when it is shrunk").isTrue();
            assertThat(teacher.features(images(18, 30), 3, 5, Losses.Match.INTERPOLATE_FEATURES).shape()).containsExactly(2, 15, 12);
            assertThat(teacher.features(images(18, 30), 3, 5, Losses.Match.RESIZE_PICTURE).shape()).containsExactly(2, 15, 12);
        }
    }

    @Test
    void theHeadAndTheTokensLearnAndTheTeacherDoesNot() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.MIXED); var teacher = teacher()) {
            var loss = new RepaLoss(recipe(Losses.Match.RESIZE_PICTURE, null), teacher, Projection.of(weights, 6, 9, 12));
            weights.train(_ -> true);
            var h = Tensor.randn(Seed.of(2), DType.F32, 2, 16, 6).to(DType.BF16).requiresGrad(true);
            var value = loss.of(h, 4, 4, new CleanImages.Pixels(images(16, 16).requiresGrad(true)));
            assertThat(value.dtype()).as("cosines in f32, whatever the model computes in").isEqualTo(DType.F32);
            value.backward();
            assertThat(h.grad()).isNotNull();
            weights.all().forEach(p -> assertThat(p.gradient()).as(p.name()).isNotNull());
        }
    }

    @Test
    void endsAtItsStep() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32); var teacher = teacher()) {
            var head = Projection.of(weights, 6, 9, 12);
            var ending = new RepaLoss(recipe(Losses.Match.RESIZE_PICTURE, 10), teacher, head);
            assertThat(ending.acts(9)).isTrue();
            assertThat(ending.acts(10)).isFalse();
            assertThat(new RepaLoss(recipe(Losses.Match.RESIZE_PICTURE, null), teacher, head).acts(1_000_000)).isTrue();
            assertThat(new Alignment(ending, null).layers(9)).containsExactly(1);
            assertThat(new Alignment(ending, null).layers(10)).isEmpty();
        }
    }

    /// A folder as Hugging Face has it, whose images are normalised as it says.
    @Test
    void dinoComesFromItsFolder(@TempDir Path folder) throws IOException {
        var config = new DinoConfig(12, 1, 2, 2, 28, 14, 1e-6, 2, true, false, true);
        try (var weights = Weights.fresh(Seed.of(3), DTypePolicy.F32)) {
            var model = DinoModel.of(config, 0.3, weights);
            Files.writeString(folder.resolve("config.json"), config.json().toString());
            weights.save(folder.resolve("model.safetensors"));
            try (var teacher = Teacher.of(new Losses.Teacher.DinoV2(folder.toString()), Device.CPU)) {
                var image = images(28, 42);
                var normal = Normalization.IMAGENET.apply(image);
                assertThat(normal.select(1, 0).get(0).get(0).get(0).item())
                        .isCloseTo(((image.get(0).get(0).get(0).get(0).item() + 1) / 2 - 0.485) / 0.229, within(1e-5));
                assertThat(teacher.features(image, 2, 3, Losses.Match.RESIZE_PICTURE)
                        .allClose(model.places(model.forward(normal)), 1e-5, 1e-6)).isTrue();
            }
            Files.writeString(folder.resolve("preprocessor_config.json"), "{\"image_mean\": [0.5, 0.5], \"image_std\": [1, 1, 1]}");
            assertThatThrownBy(() -> Teacher.of(new Losses.Teacher.DinoV2(folder.toString()), Device.CPU)).isInstanceOf(UserError.class)
                    .hasMessageContaining("three channels");
        }
    }
}
