package dev.fusedit.trainer.eval.blocks;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// What the checker sees in a picture.
///
/// @param found its objects, by the first row they touch
/// @param flaws why no caption can be true of it: a bright ground, specks, pixels that no object explains; empty if none
public record Sight(List<Found> found, List<String> flaws) {
    public Sight {
        found = ImmutableList.copyOf(found);
        flaws = ImmutableList.copyOf(flaws);
    }
}
