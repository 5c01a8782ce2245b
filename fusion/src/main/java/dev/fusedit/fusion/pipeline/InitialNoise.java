package dev.fusedit.fusion.pipeline;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.flow.FreshNoise;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.List;
import java.util.stream.IntStream;

/// The noise that images begin with, standard normal.
public sealed interface InitialNoise {
    /// What seeds of images derive by.
    String PURPOSE = "picture";

    /// What the seeds of a stochastic solver's steps derive by from an image's.
    String FRESH = "fresh noise";

    /// What the noise of the image at a place of a request derives from.
    static Seed ofImage(Seed all, int place) { return all.derive(PURPOSE, place); }

    /// The seed of a request by which its first image, its only one perhaps, is the image at a place of another request.
    static Seed alone(Seed all, int place) { return all.leading(PURPOSE, place); }

    /// Drawn for each image from a seed of its own, which derives from one seed and the image's place in the request.
    record OfSeed(Seed seed) implements InitialNoise {}

    /// Drawn for each image from its seed.
    record OfSeeds(ImmutableList<Seed> seeds) implements InitialNoise {}

    /// @param latents (images, channels, height, width of latents); they stay their owner's
    record Given(Tensor latents) implements InitialNoise {
        public Given {
            checkArgument(latents.rank() == 4, "initial latents must be (images, channels, height, width), got %s", latents);
        }
    }

    /// (images, channels, height, width); drawn ones are f32 on the CPU.
    ///
    /// @throws IllegalArgumentException if given ones have another shape
    default Tensor latents(int images, long channels, long height, long width) {
        return switch (this) {
            case OfSeed(var all) ->
                    drawn(IntStream.range(0, images).mapToObj(i -> ofImage(all, i)).toList(), channels, height, width);
            case OfSeeds(var seeds) -> drawn(seeds, channels, height, width);
            case Given(var latents) -> {
                var shape = latents.shape();
                checkArgument(shape[1] == channels && shape[2] == height && shape[3] == width,
                        "initial latents must be (B, %s, %s, %s), got %s", channels, height, width, latents);
                yield latents;
            }
        };
    }

    /// Noise for each step of some of a request's images, drawn for each image from its seed: alone or in company, an image gets the same. None for
    /// given latents, which have no seed.
    ///
    /// @param first of the images
    /// @param latents of the images, (images, channels, height, width)
    default FreshNoise fresh(int first, Tensor latents) {
        int count = (int) latents.size(0);
        return switch (this) {
            case OfSeed(var all) -> fresh(IntStream.range(first, first + count).mapToObj(i -> ofImage(all, i)).toList(), latents);
            case OfSeeds(var seeds) -> fresh(seeds.subList(first, first + count), latents);
            case Given _ -> FreshNoise.NONE;
        };
    }

    private static FreshNoise fresh(List<Seed> seeds, Tensor latents) {
        return step -> TensorScope
                .scoped(() -> drawn(seeds.stream().map(seed -> seed.derive(FRESH, step)).toList(), latents.size(1), latents.size(2),
                        latents.size(3)).to(latents.device()));
    }

    private static Tensor drawn(List<Seed> seeds, long channels, long height, long width) {
        return Tensor.cat(0, seeds.stream().map(seed -> Tensor.randn(seed, DType.F32, 1, channels, height, width)).toList());
    }
}
