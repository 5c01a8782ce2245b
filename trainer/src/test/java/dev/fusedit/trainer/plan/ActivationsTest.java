package dev.fusedit.trainer.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.fusedit.fusion.dit.ForwardOptions;
import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The formula of what a block keeps for its backward pass, against the bytes of what is kept.
@ExtendWith(NoTensorLeaks.class)
class ActivationsTest {
    private static final int IMAGES = 4;
    private static final int TEXT = 16;

    @ParameterizedTest
    @ValueSource(strings = {"run.precision=bf16", "run.precision=f32", "run.precision=bf16 model.fusion=cross",
        "run.precision=f32 model.fusion=cross", "run.precision=bf16 model.llm.kv_heads=2",
        "run.precision=bf16 model.dit.patch=2"})
    void aBlockKeepsWhatTheFormulaSays(String settings) {
        var few = kept(settings, 2);
        var more = kept(settings, 4);
        assertThat((more.measured - few.measured) / 2.0).isCloseTo(more.planned, withinPercentage(3));
    }

    /// @param measured of all blocks and what is around them
    /// @param planned of one block
    private record Kept(long measured, long planned) {}

    private static Kept kept(String settings, int layers) {
        var all = new ArrayList<>(Arrays.asList(settings.split(" ")));
        all.addAll(List.of("model.llm.layers=" + layers, "model.dit.layers=" + layers));
        var recipe = Recipe.find("quickstart", all);
        var config = (FuseDiTConfig) ModelShapes.of(recipe).config();
        var image = config.image();
        long tokens = (32L / image.patch()) * (32L / image.patch());
        var block = Activations.of(recipe.run()).block(image, config.fusion(), IMAGES, tokens, TEXT);
        return new Kept(measured(config, Calibration.dtype(recipe.run().precision())),
                IMAGES * (block + 6L * image.width() * Float.BYTES));
    }

    private static long measured(FuseDiTConfig config, DType dtype) {
        Libtorch.setThreads(2);
        try (var weights = Weights.fresh(Seed.of(1), new DTypePolicy(DType.F32, dtype, Device.CPU)); var _ = TensorScope.open()) {
            var model = FuseDiT.of(config, weights);
            weights.train(name -> name.startsWith("dit"));
            try (var pass = model.pass(false)) {
                var row = new long[TEXT];
                Arrays.fill(row, 7);
                var rows = new long[IMAGES][];
                Arrays.fill(rows, row);
                try (var _ = Autograd.noGrad()) {
                    var text = model.text(Prompt.of(rows));
                    var latents = Tensor.randn(Seed.of(3), DType.F32, IMAGES, config.image().inChannels(), 32, 32).to(dtype);
                    long before = TensorScope.liveBytes();
                    try (var _ = Autograd.withGrad()) {
                        pass.image(latents, Tensor.full(500, DType.F32, IMAGES), text, null, ForwardOptions.NONE);
                    }
                    return TensorScope.liveBytes() - before;
                }
            }
        }
    }

    /// A softmax of more than 32 MiB is made again.
    @Test
    void manyScoresAreNotKept() {
        var recipe = Recipe.find("quickstart", List.of("run.precision=bf16"));
        var config = (FuseDiTConfig) ModelShapes.of(recipe).config();
        var activations = Activations.of(recipe.run());
        long few = activations.block(config.image(), config.fusion(), 1, 1024, 16);
        assertThat(activations.block(config.image(), config.fusion(), 16, 1024, 16)).isLessThan(few);
    }
}
