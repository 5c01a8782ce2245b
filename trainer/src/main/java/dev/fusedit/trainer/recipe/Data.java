package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.trainer.data.blocks.BlocksMix;

/// Where captioned pictures come from.
public sealed interface Data {
    /// Side of the (square) pictures in pixels.
    int imageSize();

    /// The built-in data: coloured shapes, drawn on the fly.
    ///
    /// @param seed of the drawing, apart from the run's, so that two runs may see the same pictures in the same order
    record Blocks(@Default("32") int imageSize, @Default("1") long seed, @Default("{}") Mix mix) implements Data {
        public Blocks {
            checkArgument(imageSize == 32, "image_size must be 32, the size at which Blocks is drawn, but is %s", imageSize);
        }
    }

    /// How often each kind of caption comes, relative to each other; see [BlocksMix].
    record Mix(@Default("3") int single, @Default("3") int two, @Default("3") int counting, @Default("2") int colors,
            @Default("3") int position,
            @Default("3") int attribution, @Default("50") int namedPercent) {
        public Mix {
            notNegative("single", single);
            notNegative("two", two);
            notNegative("counting", counting);
            notNegative("colors", colors);
            notNegative("position", position);
            notNegative("attribution", attribution);
            checkArgument(single + two + counting + colors + position + attribution > 0,
                    "single must be above 0, or else one of the others");
            checkArgument(namedPercent >= 0 && namedPercent <= 100, "named_percent must lie in 0 to 100, but is %s", namedPercent);
        }

        public BlocksMix blocks() { return new BlocksMix(single, two, counting, colors, position, attribution, namedPercent); }

        private static void notNegative(String key, int weight) {
            checkArgument(weight >= 0, "%s must not be negative, but is %s", key, weight);
        }
    }
}
