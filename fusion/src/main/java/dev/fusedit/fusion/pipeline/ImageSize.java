package dev.fusedit.fusion.pipeline;

import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.fusion.dit.ImagePositions;
import dev.fusedit.torch.UserError;

/// Sizes that a model can sample: whole patches, and no more of them than its table of positions has.
///
/// @param multiple pixels along a patch's side
/// @param longest pixels along a side at most
record ImageSize(int multiple, int longest) {
    static ImageSize of(DiTConfig config, int pixelsALatent) {
        var multiple = pixelsALatent * config.patch();
        return new ImageSize(multiple, switch (config.positions()) {
            case ImagePositions.Absolute(var side, _) -> side * multiple;
            case ImagePositions.Rope1d() -> Integer.MAX_VALUE;
            case ImagePositions.Rope2d() -> Integer.MAX_VALUE;
            case ImagePositions.MRope() -> Integer.MAX_VALUE;
        });
    }

    /// @throws UserError that names the nearest sizes, if the model cannot sample this one
    void require(int height, int width) {
        if (height % multiple != 0 || width % multiple != 0) {
            throw new UserError("an image of %d x %d (height x width) is not made of whole patches of %d pixels; the nearest sizes are %s"
                    .formatted(height, width, multiple, nearest(height, width)));
        }
        if (Math.max(height, width) > longest) {
            throw new UserError("an image of %d x %d (height x width) is too large: this model's table of positions ends at %d pixels"
                    .formatted(height, width, longest));
        }
    }

    private String nearest(int height, int width) {
        var smaller = "%d x %d".formatted(below(height), below(width));
        var larger = "%d x %d".formatted(above(height), above(width));
        return smaller.equals(larger) ? smaller : smaller + " and " + larger;
    }

    private int below(int side) { return Math.max(multiple, side / multiple * multiple); }

    private int above(int side) { return Math.ceilDiv(side, multiple) * multiple; }
}
