package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableSet;

/// Which layers of the language model the image reads.
public sealed interface SharedLayers {
    /// Every one.
    record All() implements SharedLayers {}

    /// Some, counted from 0 in the language model.
    record Some(ImmutableSet<Integer> layers) implements SharedLayers {
        public Some {
            checkArgument(!layers.isEmpty() && layers.stream().allMatch(i -> i >= 0), "shared layers must be named, from 0 on, got %s",
                    layers);
        }
    }

    default boolean contains(int layer) {
        return switch (this) {
            case All() -> true;
            case Some(var layers) -> layers.contains(layer);
        };
    }
}
