package dev.fusedit.fusion.pipeline;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.flow.Guidance;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.text.Instruction;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What images somebody wants. Images come prompt by prompt, and the whole row of prompts again for each further image a prompt:
/// p1 p2 p1 p2.
///
/// @param negative what guidance leads away from; as it is, without the instruction
/// @param each images a prompt
/// @param solver how a step goes from one noise level to the next
/// @param guidance how far to go beyond the negative prompt, and at which noise levels; where there is none, it is half the work
/// @param longest tokens of a prompt, its first included; what is longer is cut
/// @param instruction words before every prompt
/// @param seed of all noise, where `seeds` tells none
/// @param seeds one an image, or none
/// @param latents noise to begin with instead, (images, channels, height, width of latents); null to draw it
/// @param batch images at once at most; fewer where memory does not hold so many
public record ImageRequest(ImmutableList<String> prompts, String negative, int each, int height, int width, Solver solver, int steps,
        Guidance guidance, int longest, Instruction instruction, Seed seed, ImmutableList<Seed> seeds, @Nullable Tensor latents,
        int batch) {
    private static final int USUAL_BATCH = 16;

    public ImageRequest {
        checkArgument(!prompts.isEmpty(), "there is no prompt");
        checkArgument(each > 0 && steps > 0 && batch > 0, "images a prompt (%s), steps (%s) and batch (%s) must be positive", each, steps,
                batch);
        checkArgument(height > 0 && width > 0, "height and width must be positive, got %s and %s", height, width);
        checkArgument(longest > 0, "the longest prompt must be positive, got %s", longest);
        checkArgument(seeds.isEmpty() || seeds.size() == prompts.size() * each, "%s seeds for %s images", seeds.size(),
                prompts.size() * each);
        checkArgument(latents == null || latents.rank() == 4 && latents.size(0) == (long) prompts.size() * each,
                "initial latents for %s images, got %s", prompts.size() * each, latents);
    }

    /// One image a prompt, as the paper's models were measured: 28 of Euler's steps, guidance 6, prompts of 256 tokens.
    public static ImageRequest of(int height, int width, String... prompts) {
        return new ImageRequest(ImmutableList.copyOf(prompts), "", 1, height, width, Solver.EULER, 28, Guidance.of(6), 256,
                Instruction.NONE, Seed.of(0),
                ImmutableList.of(), null, USUAL_BATCH);
    }

    public ImageRequest negative(String text) {
        return new ImageRequest(prompts, text, each, height, width, solver, steps, guidance, longest, instruction, seed, seeds, latents,
                batch);
    }

    public ImageRequest each(int images) {
        return new ImageRequest(prompts, negative, images, height, width, solver, steps, guidance, longest, instruction, seed, seeds,
                latents,
                batch);
    }

    public ImageRequest solver(Solver way) {
        return new ImageRequest(prompts, negative, each, height, width, way, steps, guidance, longest, instruction, seed, seeds, latents,
                batch);
    }

    public ImageRequest steps(int count) {
        return new ImageRequest(prompts, negative, each, height, width, solver, count, guidance, longest, instruction, seed, seeds,
                latents,
                batch);
    }

    /// With guidance at all noise levels.
    public ImageRequest guidance(double factor) { return guidance(Guidance.of(factor)); }

    public ImageRequest guidance(Guidance all) {
        return new ImageRequest(prompts, negative, each, height, width, solver, steps, all, longest, instruction, seed, seeds, latents,
                batch);
    }

    public ImageRequest longest(int tokens) {
        return new ImageRequest(prompts, negative, each, height, width, solver, steps, guidance, tokens, instruction, seed, seeds,
                latents,
                batch);
    }

    public ImageRequest instruction(Instruction words) {
        return new ImageRequest(prompts, negative, each, height, width, solver, steps, guidance, longest, words, seed, seeds, latents,
                batch);
    }

    public ImageRequest seed(Seed all) {
        return new ImageRequest(prompts, negative, each, height, width, solver, steps, guidance, longest, instruction, all, seeds,
                latents,
                batch);
    }

    public ImageRequest seeds(List<Seed> ofImages) {
        return new ImageRequest(prompts, negative, each, height, width, solver, steps, guidance, longest, instruction, seed,
                ImmutableList.copyOf(ofImages), latents, batch);
    }

    public ImageRequest latents(Tensor noise) {
        return new ImageRequest(prompts, negative, each, height, width, solver, steps, guidance, longest, instruction, seed, seeds, noise,
                batch);
    }

    public ImageRequest batch(int images) {
        return new ImageRequest(prompts, negative, each, height, width, solver, steps, guidance, longest, instruction, seed, seeds,
                latents,
                images);
    }

    public int images() { return prompts.size() * each; }

    /// Which prompt an image is of.
    int prompt(int image) { return image % prompts.size(); }

    /// The seed of each image's noise.
    List<Seed> allSeeds() {
        return seeds.isEmpty() ? IntStream.range(0, images()).mapToObj(i -> seed.derive("picture", i)).toList() : seeds;
    }
}
