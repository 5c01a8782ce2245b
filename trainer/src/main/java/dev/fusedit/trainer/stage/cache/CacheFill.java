package dev.fusedit.trainer.stage.cache;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.Prefetch;
import dev.fusedit.trainer.data.shards.CacheLocks;
import dev.fusedit.trainer.data.stored.RowStore;
import dev.fusedit.trainer.data.stored.StoredRow;
import dev.fusedit.trainer.log.ProgressLine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Makes the rows of a set that are missing, file by file: one is whole or not there, so whatever ends this, it goes on with the next.
/// Several processes may fill one set: a file's worth of rows belongs to the one that holds its lock, the others come back to it later.
/// Belongs to the thread that runs torch; rows' images are decoded by others.
final class CacheFill<I> {
    private static final long MOST_BYTES = 64L << 20;

    private final WantedRows<I> wanted;
    private final RowStore store;
    private final CacheLocks locks;
    private final int threads;
    private final ProgressLine progress;
    private final long began = System.nanoTime();
    private final long before;
    private long made;

    /// Wanted rows of one file.
    private record Part(int first, int end) {}

    /// @param threads that read images
    CacheFill(WantedRows<I> wanted, RowStore store, CacheLocks locks, int threads, ProgressLine progress) {
        this.wanted = wanted;
        this.store = store;
        this.locks = locks;
        this.threads = threads;
        this.progress = progress;
        before = IntStream.range(0, wanted.size()).filter(i -> store.has(wanted.key(i))).count();
    }

    /// @return rows that were made here
    long all() {
        var others = new ArrayList<Part>();
        for (var part : parts()) {
            if (missing(part).isEmpty()) continue;
            var held = locks.tryExclusive(lock(part));
            if (held.isEmpty()) {
                others.add(part);
            } else {
                try (var _ = held.get()) {
                    make(part);
                }
            }
        }
        for (var part : others) {
            try (var _ = locks.exclusive(lock(part))) {
                make(part);
            }
        }
        return made;
    }

    /// Always the same ones for the same wanted rows, whatever is there already: so processes that share the work have the same.
    private List<Part> parts() {
        var parts = new ArrayList<Part>();
        int first = 0;
        long bytes = 0;
        for (int i = 0; i < wanted.size(); i++) {
            long own = wanted.bytes(i);
            if (i > first && (i - first == wanted.inAFile() || bytes + own > MOST_BYTES)) {
                parts.add(new Part(first, i));
                first = i;
                bytes = 0;
            }
            bytes += own;
        }
        if (first < wanted.size()) parts.add(new Part(first, wanted.size()));
        return parts;
    }

    private String lock(Part part) { return wanted.set().name() + "/" + wanted.key(part.first()) + "-" + wanted.key(part.end() - 1); }

    private List<Integer> missing(Part part) {
        return IntStream.range(part.first(), part.end()).filter(i -> !store.has(wanted.key(i))).boxed().toList();
    }

    private void make(Part part) {
        store.refresh(); // somebody else may have made it
        var missing = missing(part);
        if (missing.isEmpty()) return;
        var rows = new ArrayList<RowStore.Keyed>();
        try (var loaded = new Prefetch<>(0, missing.size(), threads, i -> wanted.load(missing.get((int) i)))) {
            for (int i = 0; i < missing.size(); i += wanted.together()) {
                var some = missing.subList(i, Math.min(i + wanted.together(), missing.size()));
                var computed = wanted.make(some.stream().map(_ -> loaded.next()).toList());
                for (int k = 0; k < some.size(); k++)
                    rows.add(new RowStore.Keyed(wanted.key(some.get(k)), checked(computed.get(k), some.get(k))));
                made += some.size();
                show();
            }
        }
        store.add(rows);
    }

    /// What was planned is what was made.
    private StoredRow checked(StoredRow row, int index) {
        if (row.bytes().length != wanted.bytes(index) || row.dtype() != wanted.set().dtype())
            throw new IllegalStateException("a row of %s has other bytes than planned".formatted(wanted.set().name()));
        return row;
    }

    private void show() {
        long there = before + made;
        double each = (System.nanoTime() - began) / 1e9 / made;
        progress.update(ProgressLine.Progress.counted(wanted.set().kind().word(), Math.min(there, wanted.size()), wanted.size(),
                each * Math.max(0, wanted.size() - there)));
    }

    /// Bytes of rows and of what finds them.
    static <I> long bytes(WantedRows<I> wanted, RowStore store) {
        return IntStream.range(0, wanted.size()).filter(i -> !store.has(wanted.key(i))).mapToLong(i -> wanted.bytes(i) + RowStore.OF_A_ROW)
                .sum();
    }

    /// @throws UserError if a disk has no room
    static void requireRoom(Path cache, long needed, long free) {
        if (needed <= free) return;
        throw new UserError("cache.folder: %s needs %,d MiB more, but its disk has %,d MiB free. Free some space, or give another folder"
                .formatted(cache, needed >> 20, free >> 20));
    }
}
