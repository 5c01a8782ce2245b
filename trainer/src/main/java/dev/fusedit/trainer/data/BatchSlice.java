package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkArgument;

/// A contiguous share of a batch: that of one of several processes, in the order of their ranks.
///
/// @param index from 0
/// @param count of slices that make the batch
public record BatchSlice(int index, int count) {
    public static final BatchSlice WHOLE = new BatchSlice(0, 1);

    public BatchSlice {
        checkArgument(index >= 0 && index < count, "there is no slice %s of %s", index, count);
    }

    /// Place of its first row in a batch of so many.
    public int first(int rows) { return Math.toIntExact((long) index * rows / count); }

    /// Place behind its last row.
    public int end(int rows) { return Math.toIntExact((index + 1L) * rows / count); }

    /// Its rows.
    public int rows(int rows) { return end(rows) - first(rows); }
}
