package dev.fusedit.trainer.stage;

import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.log.Picture;
import dev.fusedit.trainer.log.PictureGrid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A grid of pictures with captions, always of the same prompts and noise: four of each kind of the score set `seen`.
final class Showcase {
    private static final int PER_KIND = 4;
    private static final Seed NOISE = Seed.of(7);

    private final Painter painter;

    Showcase(Painter painter) { this.painter = painter; }

    /// 6 × 4 pictures.
    void write(RunFolder folder, Path file) { folder.write(file, grid(prompts(PER_KIND))); }

    /// 6 × 1 pictures: what a preview can afford.
    void writePreview(RunFolder folder, Path file) {
        try {
            Files.createDirectories(file.getParent());
        } catch (IOException e) {
            throw new UserError("the folder %s cannot be made: %s".formatted(file.getParent(), e.getMessage()), e);
        }
        folder.write(file, grid(prompts(1)));
    }

    /// Kinds across, prompts of a kind down.
    private static List<String> prompts(int perKind) {
        var prompts = new ArrayList<String>();
        for (int i = 0; i < perKind; i++) {
            for (var kind : Kind.values()) {
                var ofKind = BlocksExam.prompts(Split.SEEN, PER_KIND).stream().filter(caption -> caption.kind() == kind).toList();
                prompts.add(ofKind.get(i).text());
            }
        }
        return prompts;
    }

    private byte[] grid(List<String> prompts) {
        var wishes = new ArrayList<Painter.Wish>();
        for (int i = 0; i < prompts.size(); i++) {
            wishes.add(new Painter.Wish(prompts.get(i), NOISE.derive("picture", i)));
        }
        var pictures = painter.paint(wishes);
        var grid = PictureGrid.forPicturesOf(painter.side(), Kind.values().length);
        for (int i = 0; i < prompts.size(); i++) {
            grid.add(new Picture(painter.side(), painter.side(), pictures.get(i)), prompts.get(i));
        }
        return grid.picture().png();
    }
}
