package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.image.ImageSize;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Batches of one bucket each, out of one source or several: which bucket's turn a step is, and with which of its images, as a function of
/// seed and step alone.
///
/// Each source deals its samples of a bucket in an order of its own, epoch after epoch, without an end. Of a source with n samples, of which m
/// are in bucket k, an epoch shows c images (n of a source that stands alone). So in the first e epochs of the stage it gives the bucket
///
///     A(k, e) = ⌊e · c · m / n⌋
///
/// images, and with batches of b the bucket has
///
///     C(k, e) = ⌊Σ A(k, e) / b⌋
///
/// batches, the sum over all sources. What is left of an epoch is carried over into the next one, and a bucket that is smaller than a batch has
/// one every few epochs. The steps of epoch e are the batches C(k, e) … C(k, e + 1) - 1 of all buckets, shuffled. So at the end of any epoch a
/// bucket has shown A(k, e) images of each source, less what a batch does not hold: no sample is left out, none is ahead of the others of its
/// source and bucket by more than one, and weights hold to the image. A stage that begins in the midst of a run takes up each order at its
/// share of the images before.
///
/// @param sources one at least
/// @param buckets with the samples of each source in them, m, in the sources' order
/// @param firstImage position of the stage's first image in the run
/// @param batch b, images of a step
record BucketOrder(long seed, ImmutableList<Share> sources, ImmutableList<Bucket> buckets, long firstImage, int batch) {
    static final long PURPOSE = 115;

    /// A source's share of an epoch.
    ///
    /// @param images c
    /// @param samples n
    record Share(long images, long samples) {
        /// Of so many images of the source those that are among m of its samples, rounded down.
        long among(long images, long m) { return images / samples * m + images % samples * m / samples; }

        /// A(k, e).
        long dealt(long epochs, long m) { return among(epochs * images, m); }
    }

    /// @param samples m of each source
    record Bucket(ImageSize size, ImmutableList<Long> samples) {}

    /// Images of a step.
    ///
    /// @param first number of the first one among the stage's images of its bucket
    record Turn(BucketOrder order, Bucket bucket, long first) {
        /// The source of the i-th image, and the place in its order of the bucket.
        MixOrder.Place at(int i) { return order.at(bucket, first + i); }
    }

    BucketOrder {
        checkArgument(batch > 0 && !buckets.isEmpty(), "a batch holds samples");
    }

    Turn at(long step) {
        long epoch = last(this::steps, step), began = steps(epoch), length = steps(epoch + 1) - began;
        long place = new SampleOrder(seed ^ PURPOSE, length).at(epoch * length + step - began);
        int k = 0;
        for (; place >= batches(k, epoch + 1) - batches(k, epoch); k++) place -= batches(k, epoch + 1) - batches(k, epoch);
        return new Turn(this, buckets.get(k), (batches(k, epoch) + place) * batch);
    }

    /// Within an epoch's images of a bucket the sources are mixed.
    ///
    /// @param image number of it among the stage's images of the bucket
    private MixOrder.Place at(Bucket bucket, long image) {
        if (sources.size() == 1) return new MixOrder.Place(0, before(bucket, 0) + image);
        long epoch = last(epochs -> images(bucket, epochs), image);
        var counts = IntStream.range(0, sources.size()).mapToObj(i -> dealt(bucket, i, epoch + 1) - dealt(bucket, i, epoch))
                .collect(ImmutableList.toImmutableList());
        var place = new MixOrder(new Dice(seed, PURPOSE, epoch).bits(), counts).at(image - images(bucket, epoch));
        int source = place.source();
        return new MixOrder.Place(source, before(bucket, source) + dealt(bucket, source, epoch) + place.position());
    }

    /// A source's images of a bucket before the stage.
    private long before(Bucket bucket, int source) {
        var share = sources.get(source);
        long all = sources.stream().mapToLong(Share::images).sum();
        return share.among(firstImage / all * share.images + firstImage % all * share.images / all, bucket.samples.get(source));
    }

    private long dealt(Bucket bucket, int source, long epochs) { return sources.get(source).dealt(epochs, bucket.samples.get(source)); }

    /// Of all sources, in so many epochs.
    private long images(Bucket bucket, long epochs) {
        return IntStream.range(0, sources.size()).mapToLong(i -> dealt(bucket, i, epochs)).sum();
    }

    /// C(k, e).
    private long batches(int k, long epochs) { return images(buckets.get(k), epochs) / batch; }

    /// Of so many epochs.
    private long steps(long epochs) { return IntStream.range(0, buckets.size()).mapToLong(k -> batches(k, epochs)).sum(); }

    /// The last epoch before which there is no more than a number of something that grows with the epochs without an end.
    private static long last(LongUnaryOperator before, long number) {
        long high = LongStream.iterate(1, epoch -> 2 * epoch).filter(epoch -> before.applyAsLong(epoch) > number).findFirst().orElseThrow();
        long low = high / 2;
        while (high - low > 1) {
            long middle = low + (high - low) / 2;
            if (before.applyAsLong(middle) <= number) low = middle;
            else high = middle;
        }
        return low;
    }
}
