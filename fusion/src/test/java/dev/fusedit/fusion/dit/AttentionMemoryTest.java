package dev.fusedit.fusion.dit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.llm.RopeScaling;
import dev.fusedit.nn.Activation;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// No square of image tokens by image tokens is made in f32, though one of the texts is padded: memory grows with the tokens, not with their
/// square.
@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class AttentionMemoryTest {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path CLEAR = Path.of("/proc/self/clear_refs");
    private static final int BATCH = 2;
    private static final int HEADS = 2;
    private static final int ROWS = 32;
    private static final int COLUMNS = 64;
    private static final int TEXT = 12;
    private static final int WARM_UP = 20;

    private static FuseDiTConfig config(Fusion fusion, AttentionScoring attention) {
        var text = new LanguageModelConfig(Family.Gemma2.usual(32, 1), 50, 64, 128, 1, HEADS, 1, 32, 10_000, RopeScaling.NONE, 1e-6,
                0.02, false, Activation.GELU_TANH, true, 0, false);
        var image = DiTConfig.beside(text, new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero()).layers(1).channels(4).qkNorm(true)
                .build();
        return new FuseDiTConfig(text, image, fusion, 0, new SharedLayers.All(), attention);
    }

    /// What a training step takes at most, above what there is before it. A heap that has room takes less, but none has for a square.
    private static double growth(Fusion fusion, AttentionScoring attention) throws IOException {
        assumeTrue(Files.isWritable(CLEAR), "peak memory is read from /proc");
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            var model = FuseDiT.of(config(fusion, attention), weights);
            Tiny.fill(weights);
            weights.train(name -> name.startsWith("dit."));
            for (int i = 0; i < WARM_UP; i++) { // until the kernels are compiled: before that they fill Java's heap
                step(model, ROWS / 4, COLUMNS / 4);
            }
            double before = bytes("VmRSS");
            Files.writeString(CLEAR, "5"); // the peak begins anew
            step(model, ROWS, COLUMNS);
            return bytes("VmHWM") - before;
        }
    }

    private static void step(FuseDiT model, int rows, int columns) {
        try (var _ = TensorScope.open(); var pass = model.pass(false)) {
            var prompt = Prompt.of(new int[TEXT], new int[TEXT / 2]);
            var latents = Tensor.randn(Seed.of(3), DType.F32, BATCH, 4, 2 * rows, 2 * columns);
            pass.backward(
                    pass.image(latents, Tiny.times(BATCH), pass.text(prompt, false), null, ForwardOptions.NONE).prediction().square()
                            .mean());
        }
    }

    private static double bytes(String field) throws IOException {
        return Files.readAllLines(STATUS).stream().filter(line -> line.startsWith(field + ":"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024).findFirst().orElseThrow();
    }

    /// Bytes of one layer's scores, image over image: larger than what glibc ever takes from its heap (32 MiB).
    private static double square() {
        double tokens = ROWS * COLUMNS;
        return BATCH * HEADS * tokens * tokens * Float.BYTES;
    }

    /// Not even one square fits into what is taken.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void noSquareIsMade(boolean joint) throws IOException {
        assertThat(growth(joint ? new Fusion.JointSelfAttention() : new Fusion.CrossAttention(), AttentionScoring.PLAIN))
                .isLessThan(square());
    }

    /// That the test above would see one: soft-capped scores have no fused kernel.
    @Test
    void softCappedScoresAreSquares() throws IOException {
        assertThat(growth(new Fusion.JointSelfAttention(), AttentionScoring.FAMILY)).isGreaterThan(2 * square());
    }
}
