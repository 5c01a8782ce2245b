package dev.fusedit.trainer.eval.blocks;

import dev.fusedit.trainer.data.blocks.BlockColor;
import dev.fusedit.trainer.data.blocks.BlockShape;
import org.jspecify.annotations.Nullable;

/// An object in a picture.
///
/// @param color null where the paint is near none of the palette
/// @param shape null where none fits well enough
/// @param whole whether it is a compact object of any shape, perhaps a soft one; a piece of a shape is not
/// @param x centre of its box, to the right, in pixels
/// @param y centre of its box, down, in pixels
/// @param size mean of its box's width and height, in pixels
/// @param measure how the verdict on shape came about
public record Found(@Nullable BlockColor color, @Nullable BlockShape shape, boolean whole, double x, double y, double size,
        Measure measure) {

    /// @param best the shape that fits best, however badly
    /// @param error the part of the window's energy that it leaves unexplained, less what noise accounts for
    /// @param margin how many times worse the next shape fits
    /// @param soft standard deviation across its edges, in pixels; 0.29 for a sharp edge
    /// @param aspect the longer side of its box over the shorter
    public record Measure(BlockShape best, double error, double margin, double soft, double aspect) {}
}
