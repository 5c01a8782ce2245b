package dev.fusedit.trainer.eval.blocks;

import dev.fusedit.trainer.data.blocks.BlockColor;
import dev.fusedit.trainer.data.blocks.BlockShape;
import org.jspecify.annotations.Nullable;

/// An object in an image.
///
/// @param color null where the paint is near none of the palette
/// @param shape null where none fits well enough
/// @param whole whether it is a compact object of any shape, perhaps a soft one; a piece of a shape is not
/// @param x centre of its box, to the right, in pixels
/// @param y centre of its box, down, in pixels
/// @param size mean of its box's width and height, in pixels
/// @param blob its pixels, whatever their shape
/// @param measure how the verdict on shape came about
public record Found(@Nullable BlockColor color, @Nullable BlockShape shape, boolean whole, double x, double y, double size,
        Blob blob, Measure measure) {

    /// @param elongation standard deviation of its pixels along its longer axis over that along its shorter; half of an object has 1.7 and
    ///        more
    /// @param purity part of its pixels that have its colour
    /// @param evenness part of its pixels that are nearly as bright as the brightest
    public record Blob(double elongation, double purity, double evenness) {
        /// The cosine between two colours above the ground from which on they are the same: the palette's nearest two have 0.90.
        private static final double SAME_COLOR = 0.93;

        private static final double BRIGHT = 0.7;

        static Blob of(Regions.Region region, ImageAboveGround image, double[] color) {
            int n = region.pixels().length;
            double x = 0;
            double y = 0;
            for (int i : region.pixels()) {
                x += (double) (i % ImageAboveGround.SIDE) / n;
                y += (double) (i / ImageAboveGround.SIDE) / n;
            }
            double xx = 1.0 / 12;
            double yy = 1.0 / 12;
            double xy = 0;
            int same = 0;
            int bright = 0;
            double highest = 0;
            for (int i : region.pixels()) highest = Math.max(highest, image.height(i));
            for (int i : region.pixels()) {
                double dx = i % ImageAboveGround.SIDE - x;
                double dy = i / ImageAboveGround.SIDE - y;
                xx += dx * dx / n;
                yy += dy * dy / n;
                xy += dx * dy / n;
                if (cosine(image.above(), i * 3, color) >= SAME_COLOR) same++;
                if (image.height(i) >= BRIGHT * highest) bright++;
            }
            double mean = (xx + yy) / 2;
            double spread = Math.hypot((xx - yy) / 2, xy);
            return new Blob(Math.sqrt((mean + spread) / (mean - spread)), (double) same / n, (double) bright / n);
        }

        private static double cosine(double[] above, int at, double[] color) {
            double product = 0;
            double one = 0;
            double other = 0;
            for (int c = 0; c < 3; c++) {
                product += above[at + c] * color[c];
                one += above[at + c] * above[at + c];
                other += color[c] * color[c];
            }
            return product / Math.sqrt(Math.max(1e-9, one * other));
        }
    }

    /// @param best the shape that fits best, however badly
    /// @param error the part of the window's energy that it leaves unexplained, less what noise accounts for
    /// @param margin how many times worse the next shape fits
    /// @param soft standard deviation across its edges, in pixels; 0.29 for a sharp edge
    /// @param aspect the longer side of its box over the shorter
    public record Measure(BlockShape best, double error, double margin, double soft, double aspect) {}
}
