package dev.fusedit.trainer.bench;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.dit.BlockParts;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Arrays;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/// What a repetition's time goes into. A backward pass is one call, so the image side's parts are computed once more, each by itself,
/// forward and, in training, backward.
final class PartTimes {
    private static final int TIMES = 5;

    /// @see BlockParts
    enum Part {
        /// The language model.
        TEXT,
        /// Of all blocks: projections, positions, attention.
        ATTENTION,
        /// Of all blocks.
        MLP,
        /// Of all blocks; attention and MLP contain it.
        NORMS,
        /// Clipping and AdamW.
        OPTIMIZER,
        /// Java: handles, frees, its own one-pass kernels; what is not inside libtorch, of all lanes together.
        BRIDGE
    }

    private PartTimes() {}

    /// Adds up the time of something.
    static final class Watch {
        private long nanos;

        void reset() { nanos = 0; }

        double seconds() { return nanos / 1e9; }

        <T> T timed(Supplier<T> body) {
            long start = System.nanoTime();
            try {
                return body.get();
            } finally {
                nanos += System.nanoTime() - start;
            }
        }

        void time(Runnable body) {
            timed(() -> {
                body.run();
                return 0;
            });
        }
    }

    static double ofText(BenchModel model, Prompt prompt) {
        var watch = new Watch();
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            watch.timed(() -> model.model().text(prompt));
        }
        return watch.seconds();
    }

    /// Of all blocks together, taken as equal to the first that reads text.
    static Map<Part, Double> ofBlocks(BenchModel model, boolean backward) {
        int layers = model.model().layers().size();
        var text = model.model().text(model.prompt());
        var times = Tensor.full(500, DType.F32, text.batch()).to(model.latents().device());
        var parts = BlockParts.of(model.model(), layers / 2, model.latents(), times, text);
        return ImmutableMap.of(Part.ATTENTION, layers * seconds(parts, BlockParts::attention, backward),
                Part.MLP, layers * seconds(parts, BlockParts::mlp, backward), Part.NORMS, layers * seconds(parts, BlockParts::norms, backward));
    }

    private static double seconds(BlockParts parts, BiConsumer<BlockParts, Boolean> part, boolean backward) {
        parts.x_BNC().requiresGrad(backward);
        var seconds = new double[TIMES];
        for (int i = 0; i < TIMES; i++) {
            long start = System.nanoTime();
            part.accept(parts, backward);
            seconds[i] = (System.nanoTime() - start) / 1e9;
            parts.x_BNC().clearGrad();
        }
        return Arrays.stream(seconds).skip(1).sorted().skip((TIMES - 1) / 2).findFirst().orElseThrow();
    }
}
