package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableMap;
import java.util.Map;

/// Where captioned pictures come from.
public sealed interface Data {
    /// Side of the (square) pictures in pixels.
    int imageSize();

    /// The built-in data: coloured shapes, drawn on the fly.
    ///
    /// @param seed of the drawing, apart from the run's, so that two runs may see the same pictures in the same order
    /// @param kinds how often each kind of caption comes, relative to each other
    record Blocks(@Default("32") int imageSize, @Default("1") long seed,
            @Default("{single: 1, colors: 1, two: 1, counting: 1, position: 1, attribution: 1}") Map<Kind, Double> kinds) implements Data {
        public Blocks {
            checkArgument(imageSize == 32, "image_size must be 32, the size at which Blocks is drawn, but is %s", imageSize);
            kinds.forEach((kind, weight) -> checkArgument(weight >= 0, "kinds.%s must not be negative, but is %s", Names.constant(kind), weight));
            checkArgument(kinds.values().stream().anyMatch(weight -> weight > 0), "kinds must give at least one kind a weight above 0");
            kinds = ImmutableMap.copyOf(kinds);
        }

        /// The six kinds of captions, after GenEval.
        public enum Kind { SINGLE, COLORS, TWO, COUNTING, POSITION, ATTRIBUTION }
    }
}
