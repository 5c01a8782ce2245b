package dev.fusedit.trainer.eval.blocks;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// What the checker sees in an image.
///
/// @param found its objects, by the first row they touch
/// @param flaws why no caption can be true of it: a bright ground, specks, too many regions; empty if none
/// @param stray pixels that no shape explains: for a caption that names a shape, more than a few are a flaw too
public record Sight(List<Found> found, List<String> flaws, int stray) {
    public Sight {
        found = ImmutableList.copyOf(found);
        flaws = ImmutableList.copyOf(flaws);
    }
}
