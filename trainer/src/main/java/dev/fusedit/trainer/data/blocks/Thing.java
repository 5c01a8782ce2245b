package dev.fusedit.trainer.data.blocks;

import static com.google.common.base.Preconditions.checkArgument;

import org.jspecify.annotations.Nullable;

/// An object as a caption names it: by colour, by shape or by both. What is null may be anything.
public record Thing(@Nullable BlockColor color, @Nullable BlockShape shape) {
    public Thing {
        checkArgument(color != null || shape != null, "a thing has a color or a shape");
    }

    public static Thing of(BlockColor color, BlockShape shape) { return new Thing(color, shape); }

    public static Thing of(BlockColor color) { return new Thing(color, null); }

    public static Thing of(BlockShape shape) { return new Thing(null, shape); }

    /// One of the four pairs of colour and shape that no training image shows.
    public boolean isHeldOut() { return color != null && shape != null && HeldOut.is(color, shape); }
}
