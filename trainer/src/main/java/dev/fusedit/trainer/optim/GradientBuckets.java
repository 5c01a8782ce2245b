package dev.fusedit.trainer.optim;

import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.WholeGradients;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// A step's gradients on their way over the processes, in buckets ([BucketLayout]): one goes as soon as its gradients are whole in all
/// lanes, while the backward pass goes on (as in PyTorch's DistributedDataParallel; Li et al. 2020, [arXiv
/// 2006.15704](https://arxiv.org/abs/2006.15704)).
///
/// Buckets go in one order, the same in all processes, whatever the order in which they are full: from the first lane's thread, which is
/// the one that runs torch. Sums over lanes and micro-batches are taken inside a bucket's memory, so nothing is copied again.
///
/// Where everybody gets the sums, buckets go in the last micro-batch. Where their owners alone do, they go in each one, owners add them up,
/// and nobody keeps what is another's.
final class GradientBuckets implements AutoCloseable {
    /// Of other owners' buckets, so that memory does not hold all of them.
    private static final int ON_THEIR_WAY = 3;

    private final GradientExchange exchange;
    private final int microBatches;
    private final TensorScope owned = TensorScope.holding();
    private final BitSet reached = new BitSet();
    private final BucketTimes times = new BucketTimes();

    // of the present micro-batch
    private List<Lane> lanes = List.of();
    /// For each parameter, by its place: lanes in which its gradient is not whole yet.
    private AtomicIntegerArray missing = new AtomicIntegerArray(0);
    private int microBatch;
    private int next;

    /// Empty until the layout is known.
    private List<BucketTransit> transits = List.of();

    GradientBuckets(GradientExchange exchange, int microBatches) {
        this.exchange = exchange;
        this.microBatches = microBatches;
        var layout = exchange.layout();
        if (layout != null) open(layout);
    }

    private void open(BucketLayout layout) {
        transits = layout.buckets().stream().map(bucket -> new BucketTransit(bucket, exchange, owned, reached)).toList();
    }

    private void settleLayout(List<Integer> whole) {
        if (transits.isEmpty()) open(exchange.settle(whole));
    }

    private boolean go() { return exchange.isToOwners() || microBatch == microBatches - 1; }

    /// Before the backward passes of a micro-batch: whom they are to tell of gradients that are whole.
    ///
    /// @param leaves of each lane
    List<WholeGradients> arriving(List<Weights> leaves) {
        lanes = IntStream.range(0, leaves.size()).mapToObj(i -> new Lane(i == 0, leaves.get(i))).toList();
        missing = new AtomicIntegerArray(exchange.parameters().size());
        for (int i = 0; i < missing.length(); i++) missing.set(i, lanes.size());
        if (go()) times.begin();
        return List.copyOf(lanes);
    }

    /// What happens on a lane's thread.
    private final class Lane implements WholeGradients {
        private final boolean first;
        private final Weights leaves;
        private final Map<Tensor, Integer> places = new IdentityHashMap<>();

        Lane(boolean first, Weights leaves) {
            this.first = first;
            this.leaves = leaves;
            for (int i = 0; i < exchange.parameters().size(); i++) {
                places.put(leaves.parameter(exchange.parameters().get(i).name()).compute(), i);
            }
        }

        @Override
        public void begin(Supplier<List<Tensor>> order) {
            if (first) settleLayout(order.get().stream().map(places::get).filter(Objects::nonNull).toList());
        }

        @Override
        public void whole(Tensor leaf) {
            var place = places.get(leaf);
            if (place == null) return;
            missing.decrementAndGet(place);
            if (!first) return;
            while (go() && next < transits.size() && isWhole(transits.get(next).bucket())) {
                transits.get(next).take(leaves(), sums -> sums.forEach(GradientSum::take));
                send();
            }
            times.look();
        }
    }

    private List<Weights> leaves() { return lanes.stream().map(lane -> lane.leaves).toList(); }

    private boolean isWhole(BucketLayout.Bucket bucket) { return bucket.places().stream().allMatch(place -> missing.get(place) == 0); }

    private void send() {
        times.sent(next, transits.get(next).send());
        if (exchange.isToOwners() && next >= ON_THEIR_WAY) transits.get(next - ON_THEIR_WAY).settle();
        next++;
    }

    /// After the backward passes of a micro-batch: takes, and sends, what is left.
    void take(Lanes threads) {
        times.backwardEnds();
        settleLayout(List.of());
        for (int i = next; i < transits.size(); i++) {
            transits.get(i).take(leaves(), sums -> GradientSum.takeAll(sums, threads));
            if (go()) send();
        }
        microBatch++;
        next = 0;
    }

    /// After a backward pass that memory did not hold. Other processes wait for what was to go: it goes, and is of no use to them.
    void abandon() {
        leaves().forEach(Weights::clearGradients);
        settleLayout(List.of());
        for (; microBatch < microBatches; microBatch++, next = 0) {
            while (go() && next < transits.size()) {
                transits.get(next).settle();
                send();
            }
        }
    }

    /// Places of parameters that have a gradient here.
    BitSet reached() { return reached; }

    /// Waits for all.
    ///
    /// @param anywhere what [#reached] is in any process
    /// @return the sums that this process gets, by parameter; they stay this object's
    Map<String, Tensor> sums(BitSet anywhere) {
        var sums = new LinkedHashMap<String, Tensor>();
        for (var transit : transits) {
            transit.settle();
            times.look();
            transit.sums().forEach((place, sum) -> {
                if (anywhere.get(place)) sums.put(exchange.parameters().get(place).name(), sum);
            });
        }
        times.end();
        return sums;
    }

    @Override
    public void close() { owned.close(); }
}
