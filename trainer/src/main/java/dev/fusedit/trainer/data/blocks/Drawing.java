package dev.fusedit.trainer.data.blocks;

import dev.fusedit.trainer.data.blocks.Scene.Block;

/// Draws a scene: each pixel mixes ground and paint by how many of its 8 × 8 sample points lie in the object. Whole numbers throughout,
/// so every machine draws the same bytes.
public final class Drawing {
    private static final int SIDE = Scene.SIDE;
    private static final int POINTS = 8;
    private static final int ALL = POINTS * POINTS;

    private Drawing() {}

    /// 32 · 32 · 3 bytes, rows from the top, in a row from the left, red green blue.
    public static byte[] draw(Scene scene) {
        var rgb = new byte[SIDE * SIDE * 3];
        for (int i = 0; i < rgb.length; i++) rgb[i] = (byte) scene.ground().channel(i % 3);
        for (var block : scene.objects()) paint(block, scene, rgb);
        return rgb;
    }

    private static void paint(Block block, Scene scene, byte[] rgb) {
        int reach = (block.diameter() + 1) / 2;
        int left = Math.max(0, (block.x() - reach) / Scene.UNIT);
        int right = Math.min(SIDE - 1, (block.x() + reach) / Scene.UNIT);
        int top = Math.max(0, (block.y() - reach) / Scene.UNIT);
        int bottom = Math.min(SIDE - 1, (block.y() + reach) / Scene.UNIT);
        for (int y = top; y <= bottom; y++)
            for (int x = left; x <= right; x++) {
                int covered = covered(block, x, y);
                if (covered == 0) continue;
                for (int c = 0; c < 3; c++) {
                    int mixed = scene.ground().channel(c) * (ALL - covered) + block.paint().channel(c) * covered;
                    rgb[(y * SIDE + x) * 3 + c] = (byte) ((mixed + ALL / 2) / ALL);
                }
            }
    }

    private static int covered(Block block, int x, int y) {
        int count = 0;
        for (int j = 0; j < POINTS; j++)
            for (int i = 0; i < POINTS; i++)
                if (inside(block.shape(), x * Scene.UNIT + 2 * i + 1 - block.x(), y * Scene.UNIT + 2 * j + 1 - block.y(), block.diameter()))
                    count++;
        return count;
    }

    /// Whether a point lies in a shape around the origin.
    private static boolean inside(BlockShape shape, int x, int y, int d) {
        int across = Math.abs(x);
        int along = Math.abs(y);
        return switch (shape) {
            case CIRCLE -> 4 * (x * x + y * y) <= d * d;
            case SQUARE -> 2 * across <= d && 2 * along <= d;
            case TRIANGLE -> 4 * across <= 2 * y + d && 2 * y <= d;
            case CROSS -> 6 * across <= d && 2 * along <= d || 2 * across <= d && 6 * along <= d;
        };
    }
}
