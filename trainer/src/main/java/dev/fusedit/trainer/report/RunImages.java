package dev.fusedit.trainer.report;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.data.image.PillowResize;
import dev.fusedit.trainer.data.image.RgbImage;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.page.Filmstrip;
import dev.fusedit.trainer.page.PageImage;
import dev.fusedit.trainer.sampling.ShownImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// A run's previews and samples as a page shows them: small ones as they are, large ones smaller. Of many previews some are left out evenly,
/// so that the page stays small; each is read once. Not for several threads.
final class RunImages {
    private static final Pattern PREVIEW = Pattern.compile("step-(\\d+)\\.png");
    private static final int EXACT = 128;
    private static final int WIDEST = 256;
    private static final int GRID = 900;
    /// Of all previews in a page.
    private static final long BYTES = 2L << 20;
    private static final int LEAST = 8;
    private static final int MOST = 60;

    private final RunFolder folder;
    private final Map<Path, Filmstrip.Frame> known = new HashMap<>();

    RunImages(RunFolder folder) { this.folder = folder; }

    /// Of previews; empty before the first.
    Optional<Filmstrip> previews() throws IOException {
        if (!Files.isDirectory(folder.previews())) return Optional.empty();
        List<Path> files;
        try (var inside = Files.list(folder.previews())) {
            files = inside.filter(file -> PREVIEW.matcher(file.getFileName().toString()).matches()).sorted().toList();
        }
        if (files.isEmpty()) return Optional.empty();
        var chosen = spread(files, count(frame(files.getLast())));
        known.keySet().retainAll(chosen);
        var frames = new ArrayList<Filmstrip.Frame>();
        for (var file : chosen) frames.add(frame(file));
        return Optional.of(Filmstrip.of(frames));
    }

    private static int count(Filmstrip.Frame frame) {
        long bytes = frame.images().stream().mapToLong(image -> image.bytes().length).sum();
        return Math.clamp(BYTES / bytes, LEAST, MOST);
    }

    /// The first and the last are among them.
    static <T> List<T> spread(List<T> all, int most) {
        if (all.size() <= most) return all;
        return IntStream.range(0, most).mapToObj(i -> all.get((int) ((long) i * (all.size() - 1) / (most - 1)))).toList();
    }

    private Filmstrip.Frame frame(Path file) throws IOException {
        var found = known.get(file);
        if (found != null) return found;
        var name = PREVIEW.matcher(file.getFileName().toString());
        if (!name.matches()) throw new IllegalStateException(file.toString());
        var frame = new Filmstrip.Frame(Long.parseLong(name.group(1)), images(file));
        known.put(file, frame);
        return frame;
    }

    /// Of the grid at the end; none before.
    ImmutableList<PageImage> samples() throws IOException {
        return Files.exists(folder.samples()) ? images(folder.samples()) : ImmutableList.of();
    }

    /// Of a grid that does not say what is in it the whole.
    private static ImmutableList<PageImage> images(Path file) throws IOException {
        var grid = PngImage.read(file);
        var told = ShownImages.beside(file);
        if (!Files.exists(told)) return ImmutableList.of(PageImage.compressed(shrunk(grid, GRID), "", Optional.empty()));
        var shown = ShownImages.read(told);
        return shown.images().stream().map(image -> image(shown.of(grid, image), image)).collect(ImmutableList.toImmutableList());
    }

    private static PageImage image(PngImage image, ShownImages.Shown shown) {
        var right = Optional.ofNullable(shown.right());
        return image.width() <= EXACT ? PageImage.exact(image, shown.prompt(), right)
                : PageImage.compressed(shrunk(image, WIDEST), shown.prompt(), right);
    }

    private static PngImage shrunk(PngImage image, int widest) {
        if (image.width() <= widest) return image;
        int height = Math.max(1, (int) Math.round(image.height() * (double) widest / image.width()));
        var small =
                PillowResize.resize(new RgbImage(image.width(), image.height(), image.rgb()), widest, height, PillowResize.Filter.BICUBIC);
        return new PngImage(small.width(), small.height(), small.rgb());
    }
}
