package dev.fusedit.trainer.data.blocks;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// All that an image shows.
///
/// @param objects in the order of the caption; they never overlap
/// @param ground the colour behind them
public record Scene(List<Block> objects, Rgb ground) {
    /// Sixteenths of a pixel are the unit of all lengths and places; this many make the image's side.
    public static final int UNIT = 16;
    public static final int SIDE = 32;

    public Scene {
        objects = ImmutableList.copyOf(objects);
    }

    /// 0 to 255 each.
    public record Rgb(int red, int green, int blue) {
        public int channel(int channel) { return channel == 0 ? red : channel == 1 ? green : blue; }
    }

    /// One object. Its box reaches diameter / 2 from its centre (x to the right, y down), in sixteenths of a pixel.
    ///
    /// @param paint the palette's colour after jitter
    public record Block(BlockColor color, BlockShape shape, int x, int y, int diameter, Rgb paint) {}
}
