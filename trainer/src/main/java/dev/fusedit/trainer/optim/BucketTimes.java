package dev.fusedit.trainer.optim;

import dev.fusedit.torch.distributed.Pending;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// When a micro-batch's buckets went over the processes, beside its backward pass: a line in the log at level DEBUG.
///
///     buckets over processes, in ms from the forward pass on: 0 from 210.4 to 231.0, 1 from 305.1 to 325.8; backward until 402.2, all there at 409.8
///
/// That a bucket is there is seen as the next gradient is whole, or at the end.
final class BucketTimes {
    private static final Logger LOG = LoggerFactory.getLogger(BucketTimes.class);

    private final List<Sent> all = new ArrayList<>();
    private long begun;
    private long backwardEnd;

    private static final class Sent {
        final int bucket;
        final Pending pending;
        final long at = System.nanoTime();
        @Nullable
        Long there;

        Sent(int bucket, Pending pending) {
            this.bucket = bucket;
            this.pending = pending;
        }
    }

    void begin() {
        all.clear();
        begun = System.nanoTime();
    }

    void sent(int bucket, Pending pending) {
        if (LOG.isDebugEnabled()) all.add(new Sent(bucket, pending));
    }

    void look() {
        for (var sent : all) {
            if (sent.there == null && sent.pending.hasEnded()) sent.there = System.nanoTime();
        }
    }

    void backwardEnds() { backwardEnd = System.nanoTime(); }

    void end() {
        look();
        if (!LOG.isDebugEnabled()) return;
        LOG.debug("buckets over processes, in ms from the forward pass on: {}; backward until {}, all there at {}",
                all.stream().map(sent -> "%d from %s to %s".formatted(sent.bucket, ms(sent.at), sent.there == null ? "?" : ms(sent.there)))
                        .collect(Collectors.joining(", ")),
                ms(backwardEnd), ms(System.nanoTime()));
    }

    private String ms(long nanos) { return String.format(Locale.ROOT, "%.1f", (nanos - begun) / 1e6); }
}
