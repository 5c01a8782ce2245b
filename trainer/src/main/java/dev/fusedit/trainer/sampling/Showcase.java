package dev.fusedit.trainer.sampling;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.pipeline.InitialNoise;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.data.blocks.Caption;
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

/// A grid of images with captions, always of the same prompts and noise. Where a checker can tell, frames say which captions came true.
///
/// The images that `sample --prompt-file previews/prompts.txt --seed 7` samples from the checkpoint of the same step are the same, pixel for pixel.
public final class Showcase {
    public static final long SEED = 7;
    /// In the grid at the end.
    public static final int IMAGES = 24;
    /// In a preview: the first ones of them.
    public static final int PREVIEW = 6;

    private final ImageSampler sampler;
    private final List<ShowcasePrompt> prompts;
    private final Judge judge;

    /// Whether an image shows what its caption says.
    @FunctionalInterface
    public interface Judge {
        /// @param rgb side × side × 3 bytes
        boolean isTrue(Caption caption, byte[] rgb);
    }

    /// @param prompts [#IMAGES] of them
    public Showcase(ImageSampler sampler, List<ShowcasePrompt> prompts, Judge judge) {
        checkArgument(prompts.size() == IMAGES, "a grid has %s images, not %s", IMAGES, prompts.size());
        this.sampler = sampler;
        this.prompts = ImmutableList.copyOf(prompts);
        this.judge = judge;
    }

    /// 6 × 4 images.
    public void write(RunFolder folder, Path file) { write(folder, file, prompts); }

    /// 6 × 1 images, what a preview can afford, into `previews/`, and their prompts beside them.
    public PngImage writePreview(RunFolder folder, long step) {
        var first = prompts.subList(0, PREVIEW);
        var previews = folder.previews();
        try {
            Files.createDirectories(previews);
        } catch (IOException e) {
            throw WriteFailure.of(previews, e);
        }
        folder.write(previews.resolve("prompts.txt"), (String.join("\n", texts(first)) + "\n").getBytes(StandardCharsets.UTF_8));
        return write(folder, preview(folder, step), first);
    }

    /// The file of a preview.
    public static Path preview(RunFolder folder, long step) {
        return folder.previews().resolve(String.format(Locale.ROOT, "step-%06d.png", step));
    }

    /// A grid, and before it the file that says what is in it.
    private PngImage write(RunFolder folder, Path file, List<ShowcasePrompt> prompts) {
        var images = images(prompts);
        var marks = IntStream.range(0, images.size()).mapToObj(i -> mark(prompts.get(i), images.get(i).rgb())).toList();
        var grid = SampleGrid.ofImages(images, texts(prompts), marks);
        var drawn = grid.image();
        folder.write(ShownImages.beside(file), ShownImages.of(grid, texts(prompts), marks).bytes());
        folder.write(file, file(drawn, prompts));
        return drawn;
    }

    private static List<String> texts(List<ShowcasePrompt> prompts) { return prompts.stream().map(ShowcasePrompt::text).toList(); }

    private byte[] file(PngImage grid, List<ShowcasePrompt> prompts) {
        return grid.png(SampleNotes.NAMELESS.ofGrid(sampler.request(texts(prompts), Seed.of(SEED)), Seed.of(SEED)));
    }

    private List<PngImage> images(List<ShowcasePrompt> prompts) {
        var seededPrompts = new ArrayList<ImageSampler.SeededPrompt>();
        for (var prompt : prompts) {
            seededPrompts.add(new ImageSampler.SeededPrompt(prompt.text(), InitialNoise.ofImage(Seed.of(SEED), seededPrompts.size())));
        }
        return sampler.sample(seededPrompts).stream().map(image -> new PngImage(sampler.side(), sampler.side(), image)).toList();
    }

    private ImageGrid.Mark mark(ShowcasePrompt prompt, byte[] rgb) {
        if (prompt.caption().isEmpty()) return ImageGrid.Mark.NONE;
        return judge.isTrue(prompt.caption().get(), rgb) ? ImageGrid.Mark.TRUE : ImageGrid.Mark.FALSE;
    }
}
