package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.source.SizeBuckets;

/// Batches of one bucket each: which bucket's turn a step is, and with which of its samples, as a function of seed and step alone.
///
/// Each bucket deals its samples in an order of its own ([BlockOrder]), epoch after epoch, without an end. Of N samples, n of them in bucket
/// k, and batches of b, the bucket's batches in the first e epochs of the stage are
///
///     C(k, e) = ⌊e · n / b⌋
///
/// so what is left of an epoch is carried over into the next one, and a bucket that is smaller than a batch has one every few epochs. The
/// steps of epoch e are the batches C(k, e) … C(k, e + 1) - 1 of all buckets, shuffled. So at the end of any epoch a bucket has dealt e · n
/// samples, less what a batch does not hold: no sample is left out, and none is ahead of the others of its bucket by more than one. A stage
/// that begins in the midst of a run takes up each bucket's order at that bucket's share of the images before.
///
/// @param buckets with N samples
/// @param block neighbours in the source that are best read together
/// @param firstImage position of the stage's first image in the run
/// @param batch b, images of a step
record BucketOrder(long seed, SizeBuckets buckets, int block, long firstImage, int batch) {
    private static final long PURPOSE = 115;

    BucketOrder {
        checkArgument(batch > 0 && !buckets.buckets().isEmpty(), "a batch holds samples");
    }

    /// Samples of a step: of one bucket, from one place of its order on.
    ///
    /// @param first place of the first one
    record Turn(SizeBuckets.Bucket bucket, BlockOrder order, long first) {
        /// Which of the bucket's samples is the i-th of the step.
        int at(int i) { return (int) order.at(first + i); }
    }

    Turn at(long step) {
        long epoch = epoch(step), began = steps(epoch), length = steps(epoch + 1) - began;
        long place = new SampleOrder(seed ^ PURPOSE, length).at(epoch * length + step - began);
        int k = 0;
        for (; place >= batches(k, epoch + 1) - batches(k, epoch); k++) place -= batches(k, epoch + 1) - batches(k, epoch);
        return turn(k, batches(k, epoch) + place);
    }

    /// @param number of the bucket's batch in the stage
    private Turn turn(int k, long number) {
        var bucket = buckets.buckets().get(k);
        long all = buckets.samples(), own = bucket.samples().size();
        long before = firstImage / all * own + firstImage % all * own / all;
        long ownSeed = new Dice(seed, PURPOSE, (long) bucket.size().width() << Integer.SIZE | bucket.size().height()).bits();
        return new Turn(bucket, new BlockOrder(ownSeed, own, (int) Math.max(1, block * own / all)), before + number * batch);
    }

    /// C(k, e).
    private long batches(int k, long epochs) { return epochs * buckets.buckets().get(k).samples().size() / batch; }

    /// Of so many epochs.
    private long steps(long epochs) {
        long steps = 0;
        for (int k = 0; k < buckets.buckets().size(); k++) steps += batches(k, epochs);
        return steps;
    }

    /// That of a step: the last one that begins no later. Rounding down loses less than a step for each bucket.
    private long epoch(long step) {
        long low = step * batch / buckets.samples();
        long high = (step + buckets.buckets().size() + 1) * batch / buckets.samples() + 1;
        while (high - low > 1) {
            long middle = low + (high - low) / 2;
            if (steps(middle) <= step) low = middle;
            else high = middle;
        }
        return low;
    }
}
