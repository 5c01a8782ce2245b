package dev.fusedit.trainer.data.blocks;

import java.util.Locale;

/// What a block can be. Each fits a square box whose side is the block's diameter.
public enum BlockShape {
    CIRCLE, SQUARE, TRIANGLE, CROSS;

    public String word() { return name().toLowerCase(Locale.ROOT); }
}
