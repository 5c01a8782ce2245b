package dev.fusedit.trainer.eval.suite;

import com.google.common.collect.ImmutableList;

/// What is not there of the images that a suite asked for: said, never left out in silence.
final class Missing {
    private Missing() {}

    /// A sentence, or none where all are there.
    static ImmutableList<String> notes(Suite.OfImages suite, SuiteImages images) {
        long all = suite.wanted().stream().mapToLong(set -> set.images().size()).sum();
        long there = suite.wanted().stream().flatMap(set -> set.images().stream()).filter(images::has).count();
        return there == all ? ImmutableList.of()
                : ImmutableList.of("%d of the suite's %d images are not there; the numbers are of the others".formatted(all - there, all));
    }
}
