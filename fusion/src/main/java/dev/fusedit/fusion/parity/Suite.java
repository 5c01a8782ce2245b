package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import java.util.function.Function;
import java.util.function.Predicate;

/// One kind of golden folder, and how it is compared.
///
/// What is not a model (evaluation, preparation of data) lives above this module; its suites are handed to [Parity#run].
public record Suite(Predicate<Case> recognises, Function<Case, CaseResult> compare) {}
