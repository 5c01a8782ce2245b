package dev.fusedit.trainer.eval.blocks;

import static dev.fusedit.trainer.eval.blocks.ImageAboveGround.PIXELS;
import static dev.fusedit.trainer.eval.blocks.ImageAboveGround.SIDE;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Parts an image into regions: connected pixels that stand out. A pixel stands out that reaches half the height of the highest one
/// within four pixels, so two objects stay apart however bright one of them is, and a blur between them does not join them.
final class Regions {
    private static final double LOWEST = 80;
    private static final int NEAR = 4;
    /// Smaller ones are specks, not objects.
    private static final int SMALLEST = 12;

    /// @param left first column, `right` last column, and so on
    /// @param pixels those that stand out
    record Region(int number, int left, int top, int right, int bottom, int[] pixels) {}

    final List<Region> regions = new ArrayList<>();
    /// For each pixel, the nearest region's number, by steps up, down and sideways; -1 where there is none at all.
    final int[] owner = new int[PIXELS];
    /// How many pixels lie in specks.
    int specks;

    static Regions of(ImageAboveGround image) {
        var found = new Regions();
        var out = standingOut(image);
        Arrays.fill(found.owner, -1);
        for (int i = 0; i < PIXELS; i++) if (out[i]) found.collect(i, out);
        found.spread();
        return found;
    }

    private static boolean[] standingOut(ImageAboveGround image) {
        var height = new double[PIXELS];
        var rows = new double[PIXELS];
        for (int i = 0; i < PIXELS; i++) height[i] = image.height(i);
        for (int i = 0; i < PIXELS; i++)
            for (int x = Math.max(0, i % SIDE - NEAR); x <= Math.min(SIDE - 1, i % SIDE + NEAR); x++)
                rows[i] = Math.max(rows[i], height[i - i % SIDE + x]);
        var out = new boolean[PIXELS];
        for (int i = 0; i < PIXELS; i++) {
            double highest = 0;
            for (int y = Math.max(0, i / SIDE - NEAR); y <= Math.min(SIDE - 1, i / SIDE + NEAR); y++)
                highest = Math.max(highest, rows[y * SIDE + i % SIDE]);
            out[i] = height[i] >= Math.max(LOWEST, highest / 2);
        }
        return out;
    }

    /// Takes the region around this pixel off the map.
    private void collect(int start, boolean[] out) {
        var members = new int[PIXELS];
        int size = 0;
        members[size++] = start;
        out[start] = false;
        int left = SIDE;
        int right = 0;
        int top = SIDE;
        int bottom = 0;
        for (int done = 0; done < size; done++) {
            int i = members[done];
            left = Math.min(left, i % SIDE);
            right = Math.max(right, i % SIDE);
            top = Math.min(top, i / SIDE);
            bottom = Math.max(bottom, i / SIDE);
            for (int next : neighbours(i))
                if (next >= 0 && out[next]) {
                    out[next] = false;
                    members[size++] = next;
                }
        }
        if (size < SMALLEST) {
            specks += size;
            return;
        }
        for (int k = 0; k < size; k++) owner[members[k]] = regions.size();
        regions.add(new Region(regions.size(), left, top, right, bottom, Arrays.copyOf(members, size)));
    }

    /// Gives every other pixel to the nearest region.
    private void spread() {
        var queue = new int[PIXELS];
        int size = 0;
        for (int i = 0; i < PIXELS; i++) if (owner[i] >= 0) queue[size++] = i;
        for (int done = 0; done < size; done++)
            for (int next : neighbours(queue[done]))
                if (next >= 0 && owner[next] < 0) {
                    owner[next] = owner[queue[done]];
                    queue[size++] = next;
                }
    }

    private static int[] neighbours(int i) {
        int x = i % SIDE;
        return new int[] {i - SIDE, x > 0 ? i - 1 : -1, x < SIDE - 1 ? i + 1 : -1, i + SIDE < PIXELS ? i + SIDE : -1};
    }
}
