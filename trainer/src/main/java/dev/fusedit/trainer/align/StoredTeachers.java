package dev.fusedit.trainer.align;

import dev.fusedit.trainer.recipe.Losses;
import java.util.OptionalInt;

/// Which teachers need not be opened, since all of their features are stored.
@FunctionalInterface
public interface StoredTeachers {
    /// All are computed: each teacher is opened.
    StoredTeachers COMPUTED = _ -> OptionalInt.empty();

    /// The width of the features of a teacher that need not be opened, since all of its features are stored; empty for one that computes.
    OptionalInt width(Losses.Repa repa);
}
