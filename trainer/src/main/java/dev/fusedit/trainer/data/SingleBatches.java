package dev.fusedit.trainer.data;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.image.ImageSize;

/// Batches of one source, which may be a part of a mixture.
public sealed interface SingleBatches extends Batches permits BlocksBatches, SourceBatches {
    /// The samples of an epoch by the size that they are shown at.
    ///
    /// @param sizes that images may have, each once
    /// @return those sizes that have samples
    ImmutableList<SizedSamples> bySize(ImmutableList<ImageSize> sizes);

    /// Samples that are fetched before their turn; 0 where nothing is fetched.
    long ahead();

    /// Samples that are shown at one size, in an order of their own without an end.
    ///
    /// @param count how many
    record SizedSamples(ImageSize size, long count, Dealing dealing) {}

    interface Dealing {
        /// @param place in the samples' order
        /// @param position in the run, which decides what is left to chance where samples of several sizes are mixed
        Sample at(long place, long position);

        /// That the sample at a place will be asked for.
        default void expect(long place) {}
    }
}
