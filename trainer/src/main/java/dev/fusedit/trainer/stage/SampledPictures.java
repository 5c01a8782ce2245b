package dev.fusedit.trainer.stage;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.Picture;
import dev.fusedit.trainer.log.PictureGrid;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Pictures that somebody asked for, with their prompts, in prompt order.
///
/// @param pictures side × side × 3 bytes each
public record SampledPictures(int side, List<String> prompts, List<byte[]> pictures) {
    private static final int COLUMNS = 6;

    /// Draws each prompt so many times. A picture's noise is a function of the seed and its place.
    public static SampledPictures draw(Painter painter, List<String> texts, int each, long seed) {
        var wishes = new ArrayList<Painter.Wish>();
        for (var text : texts) {
            for (int i = 0; i < each; i++) {
                wishes.add(new Painter.Wish(text, Seed.of(seed).derive("picture", wishes.size())));
            }
        }
        return new SampledPictures(painter.side(), wishes.stream().map(Painter.Wish::prompt).toList(), painter.paint(wishes));
    }

    /// Whether a place can take pictures, asked before the work is done.
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

    /// As one grid with captions into a `.png`, or into a folder as `00000.png` … and `prompts.jsonl`.
    public void write(Path out) {
        try {
            if (isGrid(out)) {
                Files.write(out, grid());
            } else {
                writeEach(out);
            }
        } catch (IOException e) {
            throw new UserError("--out %s cannot be written: %s".formatted(out, e.getMessage()), e);
        }
    }

    private void writeEach(Path folder) throws IOException {
        var lines = new StringBuilder();
        for (int i = 0; i < pictures.size(); i++) {
            var name = "%05d.png".formatted(i);
            Files.write(folder.resolve(name), new Picture(side, side, pictures.get(i)).png());
            lines.append(JsonNodeFactory.instance.objectNode().put("file", name).put("prompt", prompts.get(i))).append('\n');
        }
        Files.write(folder.resolve("prompts.jsonl"), lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    private byte[] grid() {
        var grid = PictureGrid.forPicturesOf(side, Math.min(COLUMNS, pictures.size()));
        for (int i = 0; i < pictures.size(); i++) {
            grid.add(new Picture(side, side, pictures.get(i)), prompts.get(i));
        }
        return grid.picture().png();
    }
}
