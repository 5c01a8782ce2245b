package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Comparators;
import java.util.Comparator;

/// Which layers of the language model the image reads.
///
/// The text goes through all layers up to the last one that is read, in their order. A layer that no block reads runs as the text's alone, with the
/// family's own attention; of one that is read the image side has keys and values, and scores are made as [AttentionScoring] says. Of the last
/// one nothing but keys and values is computed, unless somebody asks for the language model's own output.
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

    /// One for each block, in the order of the blocks: the first block reads the first of them. They need not follow one another.
    ///
    /// @param layers counted from 0 in the language model
    record OneEach(ImmutableList<Integer> layers) implements SharedLayers {
        public OneEach {
            checkArgument(!layers.isEmpty() && layers.getFirst() >= 0 && Comparators.isInStrictOrder(layers, Comparator.naturalOrder()),
                    "layers that are read must be named, from 0 on and in growing order, got %s", layers);
        }
    }
}
