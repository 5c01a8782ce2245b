package dev.fusedit.trainer.sampling;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.InitialNoise;
import dev.fusedit.fusion.pipeline.TextToImagePipeline;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.ImageGrid;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.log.ProgressLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// Images that somebody asked for, with their prompts, in prompt order.
///
/// @param images height × width × 3 bytes each
public record SampledImages(int height, int width, List<String> prompts, List<byte[]> images) {
    private static final int COLUMNS = 6;

    /// Samples each prompt as often as it is asked for. Of a request with one seed, an image's noise is a function of the seed and the
    /// image's place here.
    public static SampledImages generate(TextToImagePipeline pipeline, ImageRequest request) {
        return generate(pipeline, request, ProgressLine.silent());
    }

    /// @param console told how far it is
    public static SampledImages generate(TextToImagePipeline pipeline, ImageRequest request, ProgressLine console) {
        var places = IntStream.range(0, request.images()).map(i -> place(request, i)).toArray();
        var seeded = switch (request.noise()) {
            case InitialNoise.OfSeed(var all) -> request.seeds(Arrays.stream(places).mapToObj(place -> noise(all, place)).toList());
            case InitialNoise.OfSeeds _ -> request;
            case InitialNoise.Given _ -> request;
        };
        var prompts = new String[places.length];
        var images = new byte[places.length][];
        try (var _ = TensorScope.open()) {
            var progress = SamplingProgress.of(console, "sample", places.length);
            var generated = pipeline.generate(seeded, SamplingProgress.of(request, progress::add)).bytes();
            for (int i = 0; i < places.length; i++) {
                prompts[places[i]] = request.prompts().texts().get(i % request.prompts().texts().size());
                images[places[i]] = generated.get(i);
            }
        }
        return new SampledImages(request.settings().height(), request.settings().width(), List.of(prompts), List.of(images));
    }

    /// What the noise of the image at a place derives from.
    static Seed noise(Seed all, int place) { return all.derive("picture", place); }

    /// The pipeline samples p1 p2 p1 p2; here all images of a prompt stand together.
    private static int place(ImageRequest request, int image) {
        var prompts = request.prompts().texts().size();
        return image % prompts * request.prompts().each() + image / prompts;
    }

    /// Whether a place can take images, asked before the work is done.
    ///
    /// @throws UserError if not
    public static void requireWritable(Path out) {
        var folder = isGrid(out) ? out.toAbsolutePath().getParent() : out;
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UserError(
                    "--out %s: the folder %s cannot be made (%s). Give another place".formatted(out, folder, e.getClass().getSimpleName()),
                    e);
        }
        if (!Files.isWritable(folder) || isGrid(out) && Files.isDirectory(out)) {
            throw new UserError("--out %s cannot be written to. Give another place".formatted(out));
        }
    }

    private static boolean isGrid(Path out) { return out.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".png"); }

    /// As one grid with captions into a `.png`, or into a folder as `00000.png` … and `prompts.jsonl`. Folders are made if they are not
    /// there.
    ///
    /// @throws UserError if it cannot be written
    public void write(Path out) {
        requireWritable(out);
        try {
            if (isGrid(out)) {
                Files.write(out, grid().png());
            } else {
                writeEach(out);
            }
        } catch (IOException e) {
            throw new UserError("--out %s cannot be written: %s".formatted(out, e.getMessage()), e);
        }
    }

    private void writeEach(Path folder) throws IOException {
        var lines = new StringBuilder();
        for (int i = 0; i < images.size(); i++) {
            var name = String.format(Locale.ROOT, "%05d.png", i);
            Files.write(folder.resolve(name), new PngImage(width, height, images.get(i)).png());
            lines.append(JsonNodeFactory.instance.objectNode().put("file", name).put("prompt", prompts.get(i))).append('\n');
        }
        Files.write(folder.resolve("prompts.jsonl"), lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    /// All in one, each with its prompt.
    PngImage grid() {
        var grid = ImageGrid.forImagesOf(width, Math.min(COLUMNS, images.size()));
        for (int i = 0; i < images.size(); i++) {
            grid.add(new PngImage(width, height, images.get(i)), prompts.get(i));
        }
        return grid.image();
    }
}
