package dev.fusedit.fusion.dit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.Prompt;
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
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What activation checkpointing saves and costs, in a model of 24 fused layers.
@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
@Tag("long")
class CheckpointingMemoryTest {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path CLEAR = Path.of("/proc/self/clear_refs");
    private static final int LAYERS = 24;
    /// Enough samples for activations to be most of what comes on top: the custom backward pass keeps little of each.
    private static final int BATCH = 8;
    private static final int TOKENS = 32;

    private static FuseDiTConfig config() {
        var text = LanguageModelConfig.gemma(1000, 256, 512, LAYERS, 4, 1, 64);
        var image = DiTConfig.beside(text, new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero()).width(384).intermediate(1024)
                .layers(LAYERS).channels(4).qkNorm(true).sandwichNorm(true).build();
        return new FuseDiTConfig(text, image, new Fusion.JointSelfAttention(), 0, new SharedLayers.All());
    }

    /// @param peakMib resident memory at most
    private record Cost(double peakMib, double seconds) {}

    @Test
    void checkpointingTakesLessThanHalfOfTheActivations() throws IOException {
        assumeTrue(Files.isWritable(CLEAR), "peak memory is read from /proc");
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            var model = FuseDiT.of(config(), weights);
            Tiny.fill(weights);
            weights.train(_ -> true);
            weights.all().forEach(p -> p.compute().setGrad(Tensor.zeros(DType.F32, p.compute().shape()))); // both ways need their memory
            var before = megabytes("VmRSS");
            var checkpointed = cost(model, true);
            var plain = cost(model, false);
            System.out.printf("before %.0f MiB; checkpointed %s; plain %s%n", before, checkpointed, plain);
            assertThat(checkpointed.peakMib() - before).isLessThan((plain.peakMib() - before) / 2);
        }
    }

    private static Cost cost(FuseDiT model, boolean checkpointing) throws IOException {
        Files.writeString(CLEAR, "5"); // the peak begins anew
        var nanos = IntStream.range(0, 2).mapToLong(_ -> step(model, checkpointing)).min().orElseThrow();
        return new Cost(megabytes("VmHWM"), nanos / 1e9);
    }

    private static long step(FuseDiT model, boolean checkpointing) {
        var start = System.nanoTime();
        try (var _ = TensorScope.open(); var pass = model.pass(checkpointing)) {
            var prompt = Prompt.of(IntStream.range(0, BATCH).mapToObj(b -> IntStream.range(0, TOKENS).map(i -> 2 + b + i).toArray())
                    .toArray(int[][]::new));
            var text = pass.text(prompt, false);
            var latents = Tensor.randn(Seed.of(3), DType.F32, BATCH, 4, 32, 32);
            pass.backward(pass.image(latents, Tiny.times(BATCH), text, null, ForwardOptions.NONE).prediction().square().mean());
        }
        return System.nanoTime() - start;
    }

    private static double megabytes(String field) throws IOException {
        return Files.readAllLines(STATUS).stream().filter(line -> line.startsWith(field + ":"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024).findFirst().orElseThrow();
    }
}
