package dev.fusedit.trainer.bench;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Lanes;
import java.util.List;

/// A fixed piece of work that any implementation of the model can be timed at: shapes, random weights, a frozen language model.
public sealed interface Workload {
    Shape shape();

    /// Products that it takes at least, in floating-point operations.
    default double flops() { return WorkloadFlops.of(this); }

    /// Whether it is training steps; else sampling calls.
    default boolean isTraining() {
        return switch (this) {
            case Train _ -> true;
            case Sample _ -> false;
        };
    }

    /// Images that come of one repetition, or are learned from.
    default int images() { return shape().batch(); }

    /// Samples that go through the network at once.
    int rows();

    /// Parts that they are computed in, side by side.
    default int lanes(Device device) { return Lanes.fitting(device, rows(), shape().tokens()); }

    default String name() { return shape().name(); }

    /// What is computed.
    ///
    /// @param channels of the latents
    /// @param rows of the latents
    /// @param columns of the latents
    /// @param lengths tokens of each sample's text, `batch` of them
    /// @param padded what an implementation that computes padding pads texts to
    record Shape(String name, FuseDiTConfig model, int batch, int channels, int rows, int columns, List<Integer> lengths, int padded) {
        public Shape {
            lengths = ImmutableList.copyOf(lengths);
            checkArgument(batch > 0 && channels > 0 && rows > 0 && columns > 0,
                    "batch and latent must be positive, got %s and (%s, %s, %s)",
                    batch, channels, rows, columns);
            Bound.BATCH.check("batch", batch);
            Bound.SIDE.check("rows of the latent", rows);
            Bound.SIDE.check("columns of the latent", columns);
            Bound.IMAGE_TOKENS.check("rows times columns of the latent", Math.multiplyFull(rows, columns));
            Bound.TOKENS.check("padded", padded);
            checkArgument(lengths.size() == batch, "%s lengths for a batch of %s", lengths.size(), batch);
            int limit = padded;
            checkArgument(lengths.stream().allMatch(length -> length > 0 && length <= limit), "lengths must be from 1 to %s, got %s",
                    padded,
                    lengths);
            int patch = model.image().patch();
            checkArgument(rows % patch == 0 && columns % patch == 0, "latents of %s x %s do not fall into patches of %s", rows, columns,
                    patch);
            checkArgument(model.image().inChannels() == channels, "the model takes %s channels, the latents have %s",
                    model.image().inChannels(), channels);
        }

        /// Image tokens of a sample.
        public int tokens() { return rows / model.image().patch() * (columns / model.image().patch()); }
    }

    /// Training steps of the image side: text keys and values, forward, backward, clipping and AdamW, all of it anew each time.
    ///
    /// @param gradClip largest norm of the gradient
    record Train(Shape shape, double gradClip) implements Workload {
        public Train {
            Bound.POSITIVE.check("grad_clip", gradClip);
        }

        @Override
        public int rows() { return shape.batch(); }
    }

    /// Sampling calls: the text once, then Euler steps, each with both guidance branches, whose texts are as long.
    ///
    /// @param guidance factor, more than 1
    record Sample(Shape shape, int steps, double guidance) implements Workload {
        public Sample {
            Bound.SOLVER_STEPS.check("steps", steps);
            Bound.GUIDANCE.check("guidance", guidance);
            checkArgument(guidance > 1, "guidance must be more than 1, or there is one branch only, got %s", guidance);
        }

        /// Both branches of guidance.
        @Override
        public int rows() { return 2 * shape.batch(); }
    }
}
