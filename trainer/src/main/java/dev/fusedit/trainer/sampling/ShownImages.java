package dev.fusedit.trainer.sampling;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.log.ImageGrid;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What is seen in a grid's file, image by image, for programs: `samples.json` beside `samples.png`.
///
/// @param factor by which the grid enlarges its images
public record ShownImages(int factor, List<Shown> images) {
    private static final JsonMapper JSON = new JsonMapper();

    /// @param right whether the image shows what the prompt says; null where nobody can tell
    /// @param x of its place in the grid, in pixels
    public record Shown(String prompt, @Nullable Boolean right, int x, int y, int width, int height) {}

    public ShownImages {
        images = ImmutableList.copyOf(images);
    }

    static ShownImages of(ImageGrid grid, List<String> prompts, List<ImageGrid.Mark> marks) {
        var boxes = grid.boxes();
        return new ShownImages(grid.factor(), IntStream.range(0, boxes.size()).mapToObj(i -> {
            var box = boxes.get(i);
            var right = switch (marks.get(i)) {
                case NONE -> null;
                case TRUE -> Boolean.TRUE;
                case FALSE -> Boolean.FALSE;
            };
            return new Shown(prompts.get(i), right, box.x(), box.y(), box.width(), box.height());
        }).toList());
    }

    /// An image of the grid, as it was before it was enlarged.
    public PngImage of(PngImage grid, Shown image) { return grid.part(image.x, image.y, image.width, image.height, factor); }

    /// Where they are told of a grid's file.
    public static Path beside(Path grid) { return grid.resolveSibling(grid.getFileName().toString().replaceFirst("\\.png$", ".json")); }

    byte[] bytes() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /// @throws UserError if the file is something else
    public static ShownImages read(Path file) throws IOException {
        return JsonFile.record(new String(Files.readAllBytes(file), StandardCharsets.UTF_8), file.toString(), ShownImages.class,
                "Delete it");
    }
}
