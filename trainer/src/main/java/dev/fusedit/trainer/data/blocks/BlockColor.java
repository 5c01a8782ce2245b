package dev.fusedit.trainer.data.blocks;

import java.util.Locale;

/// The palette: all that the drawing and the checker have in common.
public enum BlockColor {
    RED(220, 40, 40), GREEN(40, 180, 60), BLUE(50, 90, 230), YELLOW(235, 215, 50), PURPLE(150, 60, 190), WHITE(240, 240, 240);

    private final int red;
    private final int green;
    private final int blue;

    BlockColor(int red, int green, int blue) {
        this.red = red;
        this.green = green;
        this.blue = blue;
    }

    /// Channel 0 red, 1 green, 2 blue; 0 to 255.
    public int channel(int channel) {
        return switch (channel) {
            case 0 -> red;
            case 1 -> green;
            case 2 -> blue;
            default -> throw new IllegalArgumentException("no channel " + channel);
        };
    }

    public String word() { return name().toLowerCase(Locale.ROOT); }
}
