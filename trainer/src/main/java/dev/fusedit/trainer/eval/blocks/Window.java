package dev.fusedit.trainer.eval.blocks;

import static dev.fusedit.trainer.eval.blocks.ImageAboveGround.SIDE;

import dev.fusedit.trainer.eval.blocks.Regions.Region;

/// The pixels around a region in which its object is fitted.
///
/// @param share how much of the object's colour each pixel has, 0 to about 1, row by row
/// @param own false where another region is nearer: such pixels don't count
record Window(int left, int top, int width, int height, double[] share, boolean[] own) {
    private static final int MARGIN = 3;

    /// @param paint the object's colour above the ground
    static Window around(Region region, ImageAboveGround image, int[] owner, double[] paint) {
        int left = Math.max(0, region.left() - MARGIN);
        int top = Math.max(0, region.top() - MARGIN);
        int width = Math.min(SIDE - 1, region.right() + MARGIN) - left + 1;
        int height = Math.min(SIDE - 1, region.bottom() + MARGIN) - top + 1;
        double norm = paint[0] * paint[0] + paint[1] * paint[1] + paint[2] * paint[2];
        var share = new double[width * height];
        var own = new boolean[width * height];
        for (int i = 0; i < share.length; i++) {
            int pixel = (top + i / width) * SIDE + left + i % width;
            own[i] = owner[pixel] == region.number();
            for (int c = 0; c < 3; c++) share[i] += image.above()[pixel * 3 + c] * paint[c] / norm;
        }
        return new Window(left, top, width, height, share, own);
    }

    int pixel(int i) { return (top + i / width) * SIDE + left + i % width; }
}
