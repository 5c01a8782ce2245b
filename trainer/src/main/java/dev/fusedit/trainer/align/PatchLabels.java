package dev.fusedit.trainer.align;

import dev.fusedit.trainer.data.blocks.Drawing;
import dev.fusedit.trainer.data.blocks.HeldOut;
import dev.fusedit.trainer.data.blocks.Scene;
import dev.fusedit.trainer.data.blocks.Scene.Block;
import dev.fusedit.trainer.data.blocks.Scene.Rgb;
import java.util.Arrays;
import java.util.List;

/// Which object each patch of images shows: the one that covers most of it, if that is a quarter of the patch or more.
///
/// @param color by patch, image after image, row by row: the ordinal of the object's colour, -1 where there is no object
/// @param shape likewise
/// @param heldOut whether the object is of a pair that no training image shows
record PatchLabels(int[] color, int[] shape, boolean[] heldOut) {
    static final int NONE = -1;
    private static final double LEAST = 0.25;
    private static final Rgb WHITE = new Rgb(255, 255, 255);
    private static final Rgb BLACK = new Rgb(0, 0, 0);

    /// @param side of the images
    static PatchLabels of(List<Scene> scenes, int side, int patch) {
        int row = side / patch;
        int each = row * row;
        var labels = new PatchLabels(new int[scenes.size() * each], new int[scenes.size() * each], new boolean[scenes.size() * each]);
        Arrays.fill(labels.color, NONE);
        Arrays.fill(labels.shape, NONE);
        for (int i = 0; i < scenes.size(); i++) {
            var most = new double[each];
            Arrays.fill(most, LEAST);
            for (var block : scenes.get(i).objects()) {
                var covered = covered(block, side, patch);
                for (int n = 0; n < each; n++)
                    if (covered[n] >= most[n]) {
                        most[n] = covered[n];
                        labels.color[i * each + n] = block.color().ordinal();
                        labels.shape[i * each + n] = block.shape().ordinal();
                        labels.heldOut[i * each + n] = HeldOut.is(block.color(), block.shape());
                    }
            }
        }
        return labels;
    }

    /// The part of each patch that an object covers: the object alone, white on black.
    private static double[] covered(Block block, int side, int patch) {
        var white = new Block(block.color(), block.shape(), block.x(), block.y(), block.diameter(), WHITE);
        var rgb = Drawing.draw(new Scene(List.of(white), BLACK), side);
        int row = side / patch;
        var covered = new double[row * row];
        for (int i = 0; i < side * side; i++)
            covered[i / side / patch * row + i % side / patch] += (rgb[3 * i] & 255) / (255.0 * patch * patch);
        return covered;
    }
}
