package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/// One kind of golden folder, and how it is compared.
///
/// What is not a model (evaluation, preparation of data) lives above this module; its suites are handed to [Parity#run].
///
/// @param recognises true for a folder of this kind, complete or not: what it lacks is said when it is compared
public record Suite(Predicate<Case> recognises, Function<Case, List<CaseResult>> compare) {
    /// Of folders that are one case each.
    public static Suite of(Predicate<Case> recognises, Function<Case, CaseResult> compare) {
        return new Suite(recognises, compare.andThen(List::of));
    }
}
