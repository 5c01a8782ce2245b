package dev.fusedit.trainer.sampling;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.pipeline.InitialNoise;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A grid of images with captions, always of the same prompts and noise.
///
/// What `sample --prompts previews/prompts.txt --seed 7` samples from the checkpoint of the same step is the same, pixel for pixel.
public final class Showcase {
    public static final long SEED = 7;
    /// In the grid at the end.
    public static final int IMAGES = 24;
    /// In a preview: the first ones of them.
    public static final int PREVIEW = 6;
    private static final String FOLDER = "previews";

    private final ImageSampler sampler;
    private final List<String> prompts;

    /// @param prompts [#IMAGES] of them
    public Showcase(ImageSampler sampler, List<String> prompts) {
        checkArgument(prompts.size() == IMAGES, "a grid has %s images, not %s", IMAGES, prompts.size());
        this.sampler = sampler;
        this.prompts = ImmutableList.copyOf(prompts);
    }

    /// 6 × 4 images.
    public void write(RunFolder folder, Path file) { folder.write(file, file(grid(prompts), prompts)); }

    /// 6 × 1 images, what a preview can afford, into `previews/`, and their prompts beside them.
    public PngImage writePreview(RunFolder folder, long step) {
        var first = prompts.subList(0, PREVIEW);
        var previews = folder.folder().resolve(FOLDER);
        try {
            Files.createDirectories(previews);
        } catch (IOException e) {
            throw new UserError("the folder %s cannot be made: %s".formatted(previews, e.getMessage()), e);
        }
        folder.write(previews.resolve("prompts.txt"), (String.join("\n", first) + "\n").getBytes(StandardCharsets.UTF_8));
        var grid = grid(first);
        folder.write(previews.resolve(String.format(Locale.ROOT, "step-%06d.png", step)), file(grid, first));
        return grid;
    }

    private byte[] file(PngImage grid, List<String> prompts) {
        return grid.png(SampleNotes.ofGrid(sampler.request(prompts, Seed.of(SEED)), Seed.of(SEED)));
    }

    private PngImage grid(List<String> prompts) {
        var seededPrompts = new ArrayList<ImageSampler.SeededPrompt>();
        for (var prompt : prompts) {
            seededPrompts.add(new ImageSampler.SeededPrompt(prompt, InitialNoise.ofImage(Seed.of(SEED), seededPrompts.size())));
        }
        var images = sampler.sample(seededPrompts).stream().map(image -> new PngImage(sampler.side(), sampler.side(), image)).toList();
        return SampleGrid.ofImages(images, prompts);
    }
}
