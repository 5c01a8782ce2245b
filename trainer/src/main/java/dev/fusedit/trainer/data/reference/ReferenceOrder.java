package dev.fusedit.trainer.data.reference;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.image.CoverCrop;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// The order of the reference's loader: each of its workers draws shards with replacement (`ResampledShards`, deterministic), reads each
/// from end to end through a buffer of 1,000 samples that one is drawn from (`shuffle(1000)`), and makes whole batches; batch k is of worker
/// k mod W. Each worker draws for each sample what caption it has, where its crop lies, and whether its caption is dropped.
///
/// No image and no text is read for it, so that a run goes on at any position: what lies before is drawn again, some ten million samples
/// a second. Any thread may ask.
public final class ReferenceOrder {
    private final Setting setting;
    private final ImmutableList<Stream> streams;

    /// What the order is a function of.
    ///
    /// @param seed of the run
    /// @param workers of the loader, W; at least 1
    /// @param batch samples of one process's batch
    /// @param originalRate how often the original caption is taken of samples that have one
    /// @param cropped whether crops lie anywhere
    public record Setting(long seed, int workers, int batch, double originalRate, boolean cropped) {
        public Setting {
            checkArgument(workers > 0 && batch > 0, "%s workers and batches of %s", workers, batch);
        }
    }

    /// A sample as the loader sees it.
    ///
    /// @param index in its source
    /// @param hasOriginal whether it has the original caption
    /// @param rows that a corner's top may be at; 1 if the image fits
    /// @param columns that its left side may be at
    public record Entry(int index, boolean hasOriginal, int rows, int columns) {}

    /// @param index of the sample in its source
    /// @param original whether it has the original caption
    /// @param dropping below the share of captions that are dropped, this one is
    public record Turn(int index, boolean original, double dropping, CoverCrop.Corner corner) {
        public boolean isDropped(double share) { return dropping < share; }
    }

    /// @param shards the samples of each, as they lie in it; those that the loader cannot read are left out
    public ReferenceOrder(List<List<Entry>> shards, Setting setting) {
        checkArgument(shards.stream().anyMatch(shard -> !shard.isEmpty()), "no shard has a sample");
        this.setting = setting;
        long base = MersenneTwister.ofTorch(setting.seed).torchLong();
        streams = IntStream.range(0, setting.workers).mapToObj(worker -> new Stream(shards, setting, base + worker, worker))
                .collect(ImmutableList.toImmutableList());
    }

    /// The sample at a position of the run.
    public Turn at(long position) {
        long batch = position / setting.batch;
        return streams.get((int) (batch % setting.workers)).at(batch / setting.workers * setting.batch + position % setting.batch);
    }

    /// What one worker reads, as far as it was asked for, and the last turns of it.
    private static final class Stream {
        private static final int KEPT = 1 << 14;

        private final List<List<Entry>> shards;
        private final Setting setting;
        private final long seed;
        private final int worker;
        private final Turn[] kept = new Turn[KEPT];
        private Reader reader;
        private long read;

        Stream(List<List<Entry>> shards, Setting setting, long seed, int worker) {
            this.shards = shards;
            this.setting = setting;
            this.seed = seed;
            this.worker = worker;
            this.reader = new Reader(shards, setting, seed, worker);
        }

        synchronized Turn at(long index) {
            if (index < read - KEPT) {
                reader = new Reader(shards, setting, seed, worker);
                read = 0;
            }
            while (read <= index) kept[(int) (read++ % KEPT)] = reader.next();
            return kept[(int) (index % KEPT)];
        }
    }

    /// A worker's own draws.
    private static final class Reader {
        private static final int BUFFER = 1000, INITIAL = 100;

        private final List<List<Entry>> shards;
        private final Setting setting;
        private final MersenneTwister ofShards, ofShuffle, ofPython, ofTorch;
        private final List<Entry> buffer = new ArrayList<>();
        private List<Entry> shard = List.of();
        private int within;

        Reader(List<List<Entry>> shards, Setting setting, long seed, int worker) {
            this.shards = shards;
            this.setting = setting;
            ofShards = MersenneTwister.ofPython(31L * worker); // make_seed(worker, epoch 0)
            ofShuffle = MersenneTwister.ofPython(setting.seed);
            ofPython = MersenneTwister.ofPython(seed & 0xffffffffL);
            ofTorch = MersenneTwister.ofTorch(seed);
        }

        Turn next() {
            do {
                buffer.add(entry());
                if (buffer.size() < BUFFER) buffer.add(entry());
            } while (buffer.size() < INITIAL);
            var entry = pick();
            boolean original = setting.originalRate > 0 && entry.hasOriginal && ofPython.random() < setting.originalRate;
            var corner = setting.cropped ? corner(entry) : new CoverCrop.Corner(0, 0);
            return new Turn(entry.index, original, ofPython.random(), corner);
        }

        private Entry entry() {
            while (within == shard.size()) {
                shard = shards.get(ofShards.below(shards.size()));
                within = 0;
            }
            return shard.get(within++);
        }

        private Entry pick() {
            int place = ofShuffle.below(buffer.size());
            var picked = buffer.get(place);
            var last = buffer.removeLast();
            if (place < buffer.size()) buffer.set(place, last);
            return picked;
        }

        private CoverCrop.Corner corner(Entry entry) {
            if (entry.rows == 1 && entry.columns == 1) return new CoverCrop.Corner(0, 0);
            int top = ofTorch.torchBelow(entry.rows);
            return new CoverCrop.Corner(top, ofTorch.torchBelow(entry.columns));
        }
    }
}
