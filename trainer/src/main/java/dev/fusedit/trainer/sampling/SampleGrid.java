package dev.fusedit.trainer.sampling;

import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.ImageGrid;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Images in one, each with its prompt.
final class SampleGrid {
    private static final int COLUMNS = 6;
    /// Of the images alone; Java's heap holds the grid twice.
    private static final long MOST_PIXELS = 1L << 26;

    private SampleGrid() {}

    /// @throws UserError if one file does not hold so many
    static void requireDrawable(ImageRequest request) {
        var settings = request.settings();
        long pixels = Math.multiplyFull(settings.width(), settings.height());
        if (request.images() > MOST_PIXELS / pixels) {
            throw new UserError("%d images of %d x %d (height x width) are too many for one .png. Give a folder"
                    .formatted(request.images(), settings.height(), settings.width()));
        }
    }

    static PngImage of(List<Path> files, List<String> prompts) throws IOException {
        var images = new ArrayList<PngImage>();
        for (var file : files) images.add(PngImage.read(file));
        return ofImages(images, prompts);
    }

    /// @param images of one size, at least one
    static PngImage ofImages(List<PngImage> images, List<String> prompts) {
        return ofImages(images, prompts, Collections.nCopies(images.size(), ImageGrid.Mark.NONE)).image();
    }

    /// @param marks of each image
    static ImageGrid ofImages(List<PngImage> images, List<String> prompts, List<ImageGrid.Mark> marks) {
        var grid = ImageGrid.forImagesOf(images.getFirst().width(), Math.min(COLUMNS, images.size()));
        for (int i = 0; i < images.size(); i++) grid.add(images.get(i), prompts.get(i), marks.get(i));
        return grid;
    }
}
