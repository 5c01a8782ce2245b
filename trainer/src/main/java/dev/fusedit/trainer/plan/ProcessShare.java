package dev.fusedit.trainer.plan;

import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.StageOwners;
import dev.fusedit.trainer.step.Sharding;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Predicate;

/// What one of several processes has of a run's memory. Rank 0 copies and saves the weights, gathers their average, and samples; the others do not.
/// What each remembers of its own parameters it writes into checkpoints itself, without a copy.
///
/// @param owned parameters whose moments, averages and (ZeRO-2) sums of gradients lie here
record ProcessShare(Processes of, int rank, Predicate<ParameterShape> owned) {
    /// Of gradients, that go over the processes together.
    private static final long BUCKET = 25 << 20;
    /// Sums for others that are kept until they have gone, and the one that is filled.
    private static final int ON_THEIR_WAY = 4;

    static ProcessShare of(Recipe recipe, List<ParameterShape> shapes, Processes all, int rank) {
        return switch (all.sharding()) {
            case NONE -> new ProcessShare(all, rank, _ -> true);
            case OPTIMIZER, GRADIENTS -> {
                var counts = new LinkedHashMap<String, Long>();
                shapes.forEach(shape -> counts.put(shape.name(), shape.count()));
                var owners = StageOwners.of(recipe, counts, all.count(), rank);
                yield new ProcessShare(all, rank, shape -> owners.has(shape.name()));
            }
        };
    }

    boolean isFirst() { return rank == 0; }

    /// Whether each process writes what it remembers.
    boolean writesOwn() {
        return switch (of.sharding()) {
            case NONE -> false;
            case OPTIMIZER, GRADIENTS -> !of.isAlone();
        };
    }

    List<ParameterShape> owned(Collection<ParameterShape> shapes) { return shapes.stream().filter(owned).toList(); }

    /// Bytes of sums of gradients that are there until the step's end.
    ///
    /// @param widths of the sums
    long sums(List<ParameterShape> trainable, Widths widths) {
        return switch (of.sharding()) {
            case NONE, OPTIMIZER -> widths.wide() * ModelShapes.count(trainable);
            case GRADIENTS -> widths.wide() * ModelShapes.count(owned(trainable));
        };
    }

    /// Gradients of a step at their most, beside the sums of earlier micro-batches.
    ///
    /// @param left what backward passes leave, of all parameters
    long gradients(List<ParameterShape> trainable, Widths widths, long left) {
        long all = widths.wide() * ModelShapes.count(trainable);
        if (of.isAlone()) return Math.max(left, all);
        return switch (of.sharding()) {
            case NONE, OPTIMIZER -> Math.max(left, all) + Math.min(all, BUCKET);
            // each owner's bucket fills up, a few are on their way
            case GRADIENTS -> Math.min(Math.max(left, all), sums(trainable, widths) + (ON_THEIR_WAY + of.count()) * BUCKET);
        };
    }
}
