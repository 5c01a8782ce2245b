package dev.fusedit.trainer.eval.blocks.selfcheck;

import java.util.concurrent.atomic.LongAdder;

/// So many of so many, counted by any number of threads.
final class Ratio {
    private final LongAdder hits = new LongAdder();
    private final LongAdder all = new LongAdder();

    void add(boolean hit) {
        if (hit) hits.increment();
        all.increment();
    }

    void add(Ratio other) {
        hits.add(other.hits.sum());
        all.add(other.all.sum());
    }

    long n() { return all.sum(); }

    /// 1 where nothing was counted.
    double rate() { return n() == 0 ? 1 : (double) hits.sum() / n(); }
}
