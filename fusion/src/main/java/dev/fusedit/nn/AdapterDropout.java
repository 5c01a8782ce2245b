package dev.fusedit.nn;

import dev.fusedit.torch.Seed;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What adapters leave out of their inputs: nothing, or in training what a seed says. One for each [Weights], a replica's its own.
///
/// Not for several threads at once.
public final class AdapterDropout {
    private @Nullable Seed seed;

    AdapterDropout() {}

    /// What a seed says, all the time.
    public AdapterDropout(Seed seed) { this.seed = seed; }

    @Nullable
    Seed seed() { return seed; }

    /// Runs a part of a training step; what is left out is a function of the seed alone, also where a layer is computed a second time.
    public <R> R during(Seed draws, Supplier<R> part) {
        var before = seed;
        seed = draws;
        try {
            return part.get();
        } finally {
            seed = before;
        }
    }
}
