package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a forward pass of the image side returns beside the prediction, and which samples it masks the text of.
///
/// @param features blocks, counted from 1, whose outputs are wanted with their graph
/// @param textMasked whether a sample's image rows do not see its own text, as if all of it were padding; null if all see it
public record ForwardOptions(Set<Integer> features, boolean @Nullable [] textMasked) {
    public static final ForwardOptions NONE = new ForwardOptions(Set.of(), null);

    public ForwardOptions {
        checkArgument(features.stream().allMatch(block -> block > 0), "blocks are counted from 1, got %s", features);
        features = ImmutableSet.copyOf(features);
    }
}
