package dev.fusedit.trainer.data;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/// Arrays for the pixels of batches, each used again once its batch is done with. A batch's pixels are too many for the part of Java's heap
/// that is tidied up often: as garbage they would pile up to the heap's limit. There are never more arrays than were in use at once.
///
/// Any thread. An array that is never given back is Java's to collect.
public final class PixelArrays {
    private final Deque<byte[]> free = new ArrayDeque<>();

    /// With anything in it.
    synchronized byte[] take(int length) {
        for (Iterator<byte[]> each = free.iterator(); each.hasNext();) {
            var array = each.next();
            if (array.length != length) continue;
            each.remove();
            return array;
        }
        free.pollLast(); // one of another size makes room
        return new byte[length];
    }

    /// Nobody reads the batch any more.
    public synchronized void giveBack(Batch batch) { if (batch.images().length > 0) free.addFirst(batch.images()); }
}
