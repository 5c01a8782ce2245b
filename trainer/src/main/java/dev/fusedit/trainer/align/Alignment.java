package dev.fusedit.trainer.align;

import com.google.common.collect.ImmutableSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A stage's alignment losses.
///
/// @param repa null for none
/// @param contrastive null for none
public record Alignment(@Nullable RepaLoss repa, @Nullable ContrastiveLoss contrastive) {
    public static final Alignment NONE = new Alignment(null, null);

    /// Blocks of the image side whose outputs are read in a step of the stage, counted from 0.
    public Set<Integer> layers(long step) {
        var layers = ImmutableSet.<Integer>builder();
        if (repa != null && repa.acts(step)) {
            layers.add(repa.layer());
        }
        if (contrastive != null) {
            layers.add(contrastive.layer());
        }
        return layers.build();
    }
}
