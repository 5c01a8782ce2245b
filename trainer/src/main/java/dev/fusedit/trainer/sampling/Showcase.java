package dev.fusedit.trainer.sampling;

import dev.fusedit.fusion.pipeline.InitialNoise;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Caption;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.log.ImageGrid;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// A grid of images with captions, always of the same prompts and noise: four of each kind of the score set `seen`. Frames tell which captions came
/// true.
///
/// The images that `sample --prompts previews/prompts.txt --seed 7` samples from the checkpoint of the same step are the same, pixel for pixel.
public final class Showcase {
    public static final long SEED = 7;
    private static final int PER_KIND = 4;
    /// In the grid at the end.
    public static final int IMAGES = PER_KIND * Kind.values().length;
    /// In a preview.
    public static final int PREVIEW = Kind.values().length;
    private static final String FOLDER = "previews";

    private final ImageSampler sampler;
    private final Judge judge;

    /// Whether an image shows what its caption says.
    @FunctionalInterface
    public interface Judge {
        /// @param rgb side × side × 3 bytes
        boolean isTrue(Caption caption, byte[] rgb);
    }

    public Showcase(ImageSampler sampler, Judge judge) {
        this.sampler = sampler;
        this.judge = judge;
    }

    /// 6 × 4 images.
    public void write(RunFolder folder, Path file) { folder.write(file, file(grid(prompts(PER_KIND)), prompts(PER_KIND))); }

    /// 6 × 1 images, what a preview can afford, into `previews/`, and their prompts beside them.
    public PngImage writePreview(RunFolder folder, long step) {
        var previews = folder.folder().resolve(FOLDER);
        try {
            Files.createDirectories(previews);
        } catch (IOException e) {
            throw new UserError("the folder %s cannot be made: %s".formatted(previews, e.getMessage()), e);
        }
        folder.write(previews.resolve("prompts.txt"), (String.join("\n", texts(prompts(1))) + "\n").getBytes(StandardCharsets.UTF_8));
        var grid = grid(prompts(1));
        folder.write(previews.resolve(String.format(Locale.ROOT, "step-%06d.png", step)), file(grid, prompts(1)));
        return grid;
    }

    /// Kinds across, prompts of a kind down.
    private static List<Caption> prompts(int perKind) {
        var prompts = new ArrayList<Caption>();
        for (int i = 0; i < perKind; i++) {
            for (var kind : Kind.values()) {
                var ofKind = BlocksPrompts.of(Split.SEEN, PER_KIND).stream().filter(caption -> caption.kind() == kind).toList();
                prompts.add(ofKind.get(i));
            }
        }
        return prompts;
    }

    private static List<String> texts(List<Caption> prompts) { return prompts.stream().map(Caption::text).toList(); }

    private byte[] file(PngImage grid, List<Caption> prompts) {
        return grid.png(SampleNotes.ofGrid(sampler.request(texts(prompts), Seed.of(SEED)), Seed.of(SEED)));
    }

    private PngImage grid(List<Caption> prompts) {
        var seededPrompts = new ArrayList<ImageSampler.SeededPrompt>();
        for (var prompt : prompts) {
            seededPrompts.add(new ImageSampler.SeededPrompt(prompt.text(), InitialNoise.ofImage(Seed.of(SEED), seededPrompts.size())));
        }
        var images = sampler.sample(seededPrompts).stream().map(image -> new PngImage(sampler.side(), sampler.side(), image)).toList();
        var marks = IntStream.range(0, images.size())
                .mapToObj(i -> judge.isTrue(prompts.get(i), images.get(i).rgb()) ? ImageGrid.Mark.TRUE : ImageGrid.Mark.FALSE).toList();
        return SampleGrid.ofImages(images, texts(prompts), marks);
    }
}
