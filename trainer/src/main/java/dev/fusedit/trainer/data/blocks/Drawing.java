package dev.fusedit.trainer.data.blocks;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.trainer.data.blocks.Scene.Block;

/// Draws a scene: each pixel mixes ground and paint by how many of its 8 × 8 sample points lie in the object. Whole numbers throughout,
/// so every machine draws the same bytes.
///
/// A larger image is the same scene drawn sharper, not an image enlarged: lengths are multiplied, pixels keep their 8 × 8 points.
public final class Drawing {
    private static final int POINTS = 8;
    private static final int ALL = POINTS * POINTS;

    private final int side;
    /// What lengths in sixteenths of a pixel of an image of 32 are multiplied by.
    private final int zoom;

    private Drawing(int side) {
        checkArgument(side > 0 && side % Scene.SIDE == 0, "a picture's side is a multiple of %s, not %s", Scene.SIDE, side);
        this.side = side;
        this.zoom = side / Scene.SIDE;
    }

    /// 32 · 32 · 3 bytes, rows from the top, in a row from the left, red green blue.
    public static byte[] draw(Scene scene) { return draw(scene, Scene.SIDE); }

    /// side · side · 3 bytes.
    ///
    /// @param side a multiple of 32
    public static byte[] draw(Scene scene, int side) {
        var drawing = new Drawing(side);
        var rgb = new byte[side * side * 3];
        for (int i = 0; i < rgb.length; i++) rgb[i] = (byte) scene.ground().channel(i % 3);
        for (var block : scene.objects()) drawing.paint(block, scene, rgb);
        return rgb;
    }

    private void paint(Block block, Scene scene, byte[] rgb) {
        int reach = zoom * ((block.diameter() + 1) / 2);
        int left = Math.max(0, (zoom * block.x() - reach) / Scene.UNIT);
        int right = Math.min(side - 1, (zoom * block.x() + reach) / Scene.UNIT);
        int top = Math.max(0, (zoom * block.y() - reach) / Scene.UNIT);
        int bottom = Math.min(side - 1, (zoom * block.y() + reach) / Scene.UNIT);
        for (int y = top; y <= bottom; y++)
            for (int x = left; x <= right; x++) {
                int covered = covered(block, x, y);
                if (covered == 0) continue;
                for (int c = 0; c < 3; c++) {
                    int mixed = scene.ground().channel(c) * (ALL - covered) + block.paint().channel(c) * covered;
                    rgb[(y * side + x) * 3 + c] = (byte) ((mixed + ALL / 2) / ALL);
                }
            }
    }

    private int covered(Block block, int x, int y) {
        int count = 0;
        for (int j = 0; j < POINTS; j++)
            for (int i = 0; i < POINTS; i++)
                if (inside(block.shape(), x * Scene.UNIT + 2 * i + 1 - zoom * block.x(), y * Scene.UNIT + 2 * j + 1 - zoom * block.y(),
                        zoom * block.diameter()))
                    count++;
        return count;
    }

    /// Whether a point lies in a shape around the origin.
    private static boolean inside(BlockShape shape, long x, long y, long d) {
        long across = Math.abs(x);
        long along = Math.abs(y);
        return switch (shape) {
            case CIRCLE -> 4 * (x * x + y * y) <= d * d;
            case SQUARE -> 2 * across <= d && 2 * along <= d;
            case TRIANGLE -> 4 * across <= 2 * y + d && 2 * y <= d;
            case CROSS -> 6 * across <= d && 2 * along <= d || 2 * across <= d && 6 * along <= d;
        };
    }
}
