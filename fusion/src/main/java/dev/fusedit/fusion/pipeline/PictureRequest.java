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

/// What pictures somebody wants. Pictures come prompt by prompt, and the whole row of prompts again for each further picture a prompt:
/// p1 p2 p1 p2.
///
/// @param negative what guidance leads away from; as it is, without the instruction
/// @param each pictures a prompt
/// @param solver how a step goes from one noise level to the next
/// @param guidance how far to go beyond the negative prompt, and at which noise levels; where there is none, it is half the work
/// @param longest tokens of a prompt, its first included; what is longer is cut
/// @param instruction words before every prompt
/// @param seed of all noise, where `seeds` tells none
/// @param seeds one a picture, or none
/// @param latents noise to begin with instead, (pictures, channels, height, width of latents); null to draw it
/// @param batch pictures at once at most; fewer where memory does not hold so many
public record PictureRequest(ImmutableList<String> prompts, String negative, int each, int height, int width, Solver solver, int steps,
        Guidance guidance, int longest, Instruction instruction, Seed seed, ImmutableList<Seed> seeds, @Nullable Tensor latents,
        int batch) {
    private static final int USUAL_BATCH = 16;

    public PictureRequest {
        checkArgument(!prompts.isEmpty(), "there is no prompt");
        checkArgument(each > 0 && steps > 0 && batch > 0, "pictures a prompt (%s), steps (%s) and batch (%s) must be positive", each, steps,
                batch);
        checkArgument(height > 0 && width > 0, "height and width must be positive, got %s and %s", height, width);
        checkArgument(longest > 0, "the longest prompt must be positive, got %s", longest);
        checkArgument(seeds.isEmpty() || seeds.size() == prompts.size() * each, "%s seeds for %s pictures", seeds.size(),
                prompts.size() * each);
        checkArgument(latents == null || latents.rank() == 4 && latents.size(0) == (long) prompts.size() * each,
                "initial latents for %s pictures, got %s", prompts.size() * each, latents);
    }

    /// One picture a prompt, as the paper's models were measured: 28 of Euler's steps, guidance 6, prompts of 256 tokens.
    public static PictureRequest of(int height, int width, String... prompts) {
        return new PictureRequest(ImmutableList.copyOf(prompts), "", 1, height, width, Solver.EULER, 28, Guidance.of(6), 256,
                Instruction.NONE, Seed.of(0),
                ImmutableList.of(), null, USUAL_BATCH);
    }

    public PictureRequest negative(String text) {
        return new PictureRequest(prompts, text, each, height, width, solver, steps, guidance, longest, instruction, seed, seeds, latents,
                batch);
    }

    public PictureRequest each(int pictures) {
        return new PictureRequest(prompts, negative, pictures, height, width, solver, steps, guidance, longest, instruction, seed, seeds,
                latents,
                batch);
    }

    public PictureRequest solver(Solver way) {
        return new PictureRequest(prompts, negative, each, height, width, way, steps, guidance, longest, instruction, seed, seeds, latents,
                batch);
    }

    public PictureRequest steps(int count) {
        return new PictureRequest(prompts, negative, each, height, width, solver, count, guidance, longest, instruction, seed, seeds,
                latents,
                batch);
    }

    /// With guidance at all noise levels.
    public PictureRequest guidance(double factor) { return guidance(Guidance.of(factor)); }

    public PictureRequest guidance(Guidance all) {
        return new PictureRequest(prompts, negative, each, height, width, solver, steps, all, longest, instruction, seed, seeds, latents,
                batch);
    }

    public PictureRequest longest(int tokens) {
        return new PictureRequest(prompts, negative, each, height, width, solver, steps, guidance, tokens, instruction, seed, seeds,
                latents,
                batch);
    }

    public PictureRequest instruction(Instruction words) {
        return new PictureRequest(prompts, negative, each, height, width, solver, steps, guidance, longest, words, seed, seeds, latents,
                batch);
    }

    public PictureRequest seed(Seed all) {
        return new PictureRequest(prompts, negative, each, height, width, solver, steps, guidance, longest, instruction, all, seeds,
                latents,
                batch);
    }

    public PictureRequest seeds(List<Seed> ofPictures) {
        return new PictureRequest(prompts, negative, each, height, width, solver, steps, guidance, longest, instruction, seed,
                ImmutableList.copyOf(ofPictures), latents, batch);
    }

    public PictureRequest latents(Tensor noise) {
        return new PictureRequest(prompts, negative, each, height, width, solver, steps, guidance, longest, instruction, seed, seeds, noise,
                batch);
    }

    public PictureRequest batch(int pictures) {
        return new PictureRequest(prompts, negative, each, height, width, solver, steps, guidance, longest, instruction, seed, seeds,
                latents,
                pictures);
    }

    public int pictures() { return prompts.size() * each; }

    /// Which prompt a picture is of.
    int prompt(int picture) { return picture % prompts.size(); }

    /// The seed of each picture's noise.
    List<Seed> allSeeds() {
        return seeds.isEmpty() ? IntStream.range(0, pictures()).mapToObj(i -> seed.derive("picture", i)).toList() : seeds;
    }
}
