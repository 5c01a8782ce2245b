package dev.fusedit.fusion.pipeline;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.flow.Guidance;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.text.Instruction;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import java.util.List;

/// What images somebody wants: the arguments of diffusers' `pipeline(...)`. Images come prompt by prompt, and the whole row of prompts
/// again for each further image a prompt: p1 p2 p1 p2.
///
///     ImageRequest.of(256, 256, "a red cat", "a blue dog").each(2).steps(20).guidance(4).seed(Seed.of(7))
///
/// @param noise what the images begin with
public record ImageRequest(Prompts prompts, SamplingSettings settings, InitialNoise noise) {
    public ImageRequest {
        int images = prompts.images();
        switch (noise) {
            case InitialNoise.OfSeed _ -> {
            }
            case InitialNoise.OfSeeds(var seeds) -> checkArgument(seeds.size() == images, "%s seeds for %s images", seeds.size(), images);
            case InitialNoise.Given(var latents) -> {
                checkArgument(latents.size(0) == images, "initial latents for %s images, got %s", images, latents);
                checkArgument(!settings.solver().isStochastic(), "the solver %s draws noise from seeds, and given latents have none",
                        settings.solver());
            }
        }
    }

    /// As the paper's models were measured: one image a prompt, 28 of Euler's steps, guidance 6, prompts of 256 tokens. From seed 0.
    public static ImageRequest of(int height, int width, String... prompts) {
        return of(SamplingSettings.usual(height, width), List.of(prompts));
    }

    /// One image a prompt, from seed 0.
    public static ImageRequest of(SamplingSettings settings, List<String> prompts) {
        return new ImageRequest(Prompts.of(prompts), settings, new InitialNoise.OfSeed(Seed.of(0)));
    }

    private ImageRequest with(Prompts other) { return new ImageRequest(other, settings, noise); }

    private ImageRequest with(SamplingSettings other) { return new ImageRequest(prompts, other, noise); }

    private ImageRequest with(InitialNoise other) { return new ImageRequest(prompts, settings, other); }

    /// With the same negative prompt and instruction, one image each.
    public ImageRequest prompts(List<String> others) {
        return new ImageRequest(Prompts.of(others).negative(prompts.negative()).instruction(prompts.instruction()), settings,
                new InitialNoise.OfSeed(Seed.of(0)));
    }

    /// @param text that guidance leads away from; as it is, without the instruction
    public ImageRequest negative(String text) { return with(prompts.negative(text)); }

    /// @param images a prompt
    public ImageRequest each(int images) { return with(prompts.each(images)); }

    /// @param tokens of a prompt at most, its first included; what is longer is cut
    public ImageRequest longest(int tokens) { return with(settings.longest(tokens)); }

    /// @param words before every prompt
    public ImageRequest instruction(Instruction words) { return with(prompts.instruction(words)); }

    public ImageRequest solver(Solver solver) { return with(settings.solver(solver)); }

    public ImageRequest steps(int count) { return with(settings.steps(count)); }

    /// With guidance at all noise levels.
    public ImageRequest guidance(double factor) { return guidance(Guidance.of(factor)); }

    public ImageRequest guidance(Guidance guidance) { return with(settings.guidance(guidance)); }

    /// @param images at once at most; fewer where memory does not hold so many
    public ImageRequest batch(int images) { return with(settings.batch(images)); }

    public ImageRequest seed(Seed ofAll) { return with(new InitialNoise.OfSeed(ofAll)); }

    /// @param ofImages one an image
    public ImageRequest seeds(List<Seed> ofImages) { return with(new InitialNoise.OfSeeds(ImmutableList.copyOf(ofImages))); }

    /// @param noise (images, channels, height, width of latents)
    public ImageRequest latents(Tensor noise) { return with(new InitialNoise.Given(noise)); }

    public int images() { return prompts.images(); }
}
