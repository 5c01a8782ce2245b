package dev.fusedit.trainer.stage.cache;

import dev.fusedit.trainer.data.stored.EntryKey;
import dev.fusedit.trainer.data.stored.StoredRow;
import java.util.List;

/// Rows of one kind that a recipe wants, each once, in an order in which what they are made of is best read; and how they are made.
///
/// @param <I> what a row is computed of
interface WantedRows<I> {
    CacheSet set();

    int size();

    EntryKey key(int index);

    /// Of the row.
    long bytes(int index);

    /// Rows that are computed together.
    int together();

    /// Rows that are written together, at most: what is lost if the process ends meanwhile.
    default int inAFile() { return 256; }

    /// Reads what a row is computed of. Any thread may.
    ///
    /// @throws dev.fusedit.torch.UserError if it cannot be read any more
    I load(int index);

    /// Computes rows of neighbours, on the thread that runs torch.
    List<StoredRow> make(List<I> loaded);
}
