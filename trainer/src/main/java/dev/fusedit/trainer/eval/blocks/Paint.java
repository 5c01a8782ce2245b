package dev.fusedit.trainer.eval.blocks;

import dev.fusedit.trainer.data.blocks.BlockColor;
import org.jspecify.annotations.Nullable;

/// Names a colour: by its direction in RGB, as a shade keeps its direction, and loosely by its length.
final class Paint {
    /// Half the angle between blue and purple, the two nearest.
    private static final double NEAREST = Math.cos(Math.toRadians(13));
    private static final double DARKEST = 0.65;
    private static final double BRIGHTEST = 1.3;

    private Paint() {}

    /// @param fitted the colour that explains the object best; of a soft thin one it may come out too bright
    /// @param seen the object's brightest pixels; of a soft thin one they are too dark
    /// @return the palette's colour in the direction of the fitted one, if either is bright enough and either dark enough
    static @Nullable BlockColor name(double[] fitted, double[] seen) {
        double least = Math.min(length(fitted), length(seen));
        double most = Math.max(length(fitted), length(seen));
        for (var color : BlockColor.values()) {
            var own = new double[] {color.channel(0), color.channel(1), color.channel(2)};
            double along = (own[0] * fitted[0] + own[1] * fitted[1] + own[2] * fitted[2]) / length(fitted);
            if (along >= NEAREST * length(own) && most >= DARKEST * length(own) && least <= BRIGHTEST * length(own)) return color;
        }
        return null;
    }

    private static double length(double[] rgb) { return Math.sqrt(rgb[0] * rgb[0] + rgb[1] * rgb[1] + rgb[2] * rgb[2]); }
}
