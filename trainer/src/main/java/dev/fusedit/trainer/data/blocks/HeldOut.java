package dev.fusedit.trainer.data.blocks;

import static dev.fusedit.trainer.data.blocks.BlockColor.BLUE;
import static dev.fusedit.trainer.data.blocks.BlockColor.GREEN;
import static dev.fusedit.trainer.data.blocks.BlockColor.PURPLE;
import static dev.fusedit.trainer.data.blocks.BlockColor.YELLOW;
import static dev.fusedit.trainer.data.blocks.BlockShape.CIRCLE;
import static dev.fusedit.trainer.data.blocks.BlockShape.CROSS;
import static dev.fusedit.trainer.data.blocks.BlockShape.SQUARE;
import static dev.fusedit.trainer.data.blocks.BlockShape.TRIANGLE;

import com.google.common.collect.ImmutableList;

/// Which of the 24 pairs of colour and shape no training image shows. The language model reads about them all the same.
public final class HeldOut {
    public static final ImmutableList<Thing> PAIRS = ImmutableList.of(
            Thing.of(YELLOW, CIRCLE), Thing.of(PURPLE, SQUARE), Thing.of(GREEN, TRIANGLE), Thing.of(BLUE, CROSS));

    /// The other 20, by colour, then by shape.
    public static final ImmutableList<Thing> SEEN = seen();

    private HeldOut() {}

    public static boolean is(BlockColor color, BlockShape shape) { return PAIRS.contains(Thing.of(color, shape)); }

    private static ImmutableList<Thing> seen() {
        var seen = ImmutableList.<Thing>builder();
        for (var color : BlockColor.values())
            for (var shape : BlockShape.values())
                if (!is(color, shape)) seen.add(Thing.of(color, shape));
        return seen.build();
    }
}
