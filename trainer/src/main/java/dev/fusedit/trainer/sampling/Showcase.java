package dev.fusedit.trainer.sampling;

import dev.fusedit.fusion.pipeline.InitialNoise;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A grid of images with captions, always of the same prompts and noise: four of each kind of the score set `seen`.
///
/// What `sample --prompts previews/prompts.txt --seed 7` samples from the checkpoint of the same step is the same, pixel for pixel.
public final class Showcase {
    public static final long SEED = 7;
    private static final int PER_KIND = 4;
    /// In the grid at the end.
    public static final int IMAGES = PER_KIND * Kind.values().length;
    /// In a preview.
    public static final int PREVIEW = Kind.values().length;
    private static final String FOLDER = "previews";

    private final ImageSampler sampler;

    public Showcase(ImageSampler sampler) { this.sampler = sampler; }

    /// 6 × 4 images.
    public void write(RunFolder folder, Path file) { folder.write(file, file(grid(prompts(PER_KIND)), prompts(PER_KIND))); }

    /// 6 × 1 images, what a preview can afford, into `previews/`, and their prompts beside them.
    public PngImage writePreview(RunFolder folder, long step) {
        var previews = folder.folder().resolve(FOLDER);
        try {
            Files.createDirectories(previews);
        } catch (IOException e) {
            throw WriteFailure.of(previews, e);
        }
        folder.write(previews.resolve("prompts.txt"), (String.join("\n", prompts(1)) + "\n").getBytes(StandardCharsets.UTF_8));
        var grid = grid(prompts(1));
        folder.write(previews.resolve(String.format(Locale.ROOT, "step-%06d.png", step)), file(grid, prompts(1)));
        return grid;
    }

    /// Kinds across, prompts of a kind down.
    private static List<String> prompts(int perKind) {
        var prompts = new ArrayList<String>();
        for (int i = 0; i < perKind; i++) {
            for (var kind : Kind.values()) {
                var ofKind = BlocksPrompts.of(Split.SEEN, PER_KIND).stream().filter(caption -> caption.kind() == kind).toList();
                prompts.add(ofKind.get(i).text());
            }
        }
        return prompts;
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
