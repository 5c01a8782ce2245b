package dev.fusedit.trainer.shell;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.log.ImageGrid;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Tensors as images, and plots, in PNG files of a temporary folder, or of one that [#into] names. A name that comes again replaces the
/// file.
///
/// - Colours: (3, H, W), from 0 to 1, as pipelines make them; what is outside is cut.
/// - Numbers: (H, W), from white, the least of all that are shown together, to dark blue, the largest.
public final class Show {
    private static final int COLUMNS = 6;
    private static final int LEAST_WIDTH = 256;
    private static final float[] DARK = {8 / 255f, 48 / 255f, 107 / 255f};

    private static @Nullable Path folder;

    private Show() {}

    /// Where images go from now on.
    public static synchronized void into(Path other) { folder = other; }

    /// One image, enlarged where it is small; of a batch (B, 3, H, W) a grid.
    public static ShownImage image(String name, Tensor image) {
        if (image.rank() == 4) return grid(name, LongStream.range(0, image.size(0)).mapToObj(image::get).toList());
        var png = images(List.of(image)).getFirst();
        return write(name, png.enlarged(Math.max(1, Math.ceilDiv(LEAST_WIDTH, png.width()))));
    }

    public static ShownImage grid(String name, List<Tensor> images) { return grid(name, images, Collections.nCopies(images.size(), "")); }

    /// Images of one size, in rows of six, with captions below.
    public static ShownImage grid(String name, List<Tensor> images, List<String> captions) {
        checkArgument(!images.isEmpty(), "there is no image to show");
        return pictures(name, images(images), captions);
    }

    /// The same of images that are none of tensors.
    public static ShownImage pictures(String name, List<PngImage> images, List<String> captions) {
        checkArgument(images.size() == captions.size(), "%s images, %s captions", images.size(), captions.size());
        checkArgument(!images.isEmpty(), "there is no image to show");
        var grid = ImageGrid.forImagesOf(images.getFirst().width(), Math.min(COLUMNS, images.size()));
        for (int i = 0; i < images.size(); i++) grid.add(images.get(i), captions.get(i));
        return write(name, grid.image());
    }

    public static ShownImage plot(String name, LinePlot plot) { return write(name, plot.image()); }

    /// An image file that is there already, such as a run's `samples.png`, under another name.
    ///
    /// @throws UserError if there is none
    public static ShownImage file(String name, Path png) {
        try {
            return write(name, PngImage.read(png));
        } catch (IOException e) {
            throw new UserError("%s cannot be shown: %s".formatted(png, e.getMessage()), e);
        }
    }

    // ---- from tensors

    private static List<PngImage> images(List<Tensor> images) {
        try (var _ = TensorScope.open()) {
            var shape = images.getFirst().size();
            for (var image : images) {
                checkArgument(image.size().equals(shape), "images of a grid have one shape: %s, not %s", shape, image.size());
            }
            var values = Tensor.stack(0, images).detach().to(DType.F32);
            if (shape.size() == 2) values = colored(values);
            checkArgument(values.rank() == 4 && values.size(1) == 3, "an image is (3, height, width) or (height, width), not %s", shape);
            checkArgument(values.numel() > 0, "an image has pixels, the shape is %s", shape);
            int height = (int) values.size(2), width = (int) values.size(3);
            var bytes = values.clamp(0, 1).mul(255.0).round().permute(0, 2, 3, 1).contiguous().to(DType.U8);
            return LongStream.range(0, images.size()).mapToObj(i -> new PngImage(width, height, bytes.get(i).contiguous().toBytes()))
                    .toList();
        }
    }

    /// (B, H, W) → (B, 3, H, W)
    private static Tensor colored(Tensor values) {
        double least = values.min().item(), most = values.max().item();
        var share = values.sub(least).div(most > least ? most - least : 1).unsqueeze(1);
        return share.mul(Tensor.of(DARK, 1, 3, 1, 1).sub(1)).add(1);
    }

    // ---- files

    private static ShownImage write(String name, PngImage image) {
        checkArgument(name.matches("[A-Za-z0-9._-]+"), "an image's name has letters, digits, '.', '_' and '-', not '%s'", name);
        var file = folder().resolve(name + ".png");
        try {
            WholeFile.write(file, image.png());
            return new ShownImage(file);
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
    }

    private static synchronized Path folder() {
        try {
            if (folder == null) folder = Files.createTempDirectory("fusedit-");
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw WriteFailure.of(Path.of(System.getProperty("java.io.tmpdir")), e);
        }
    }
}
