package dev.fusedit.trainer.optim;

import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.distributed.Pending;
import dev.fusedit.torch.distributed.ProcessGroup;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A bucket of gradients in a step: filled from lanes' leaves, sent, and waited for. For the thread that runs torch.
final class BucketTransit {
    private final BucketLayout.Bucket bucket;
    private final List<Parameter> parameters;
    private final ProcessGroup ranks;
    private final TensorScope owned;
    private final BitSet reached;
    /// Of the bucket's parameters, by their index in it: what has numbers.
    private final BitSet filled = new BitSet();

    private @Nullable Memory memory;
    private @Nullable Pending pending;
    /// Of earlier micro-batches; the owner's.
    private @Nullable Memory total;

    /// One tensor, and the gradients in it.
    private record Memory(Tensor flat, List<Tensor> gradients) {
        void free() {
            gradients.forEach(Tensor::free);
            flat.free();
        }
    }

    /// @param owned holds the bucket's memory
    /// @param reached is told places of parameters that have a gradient
    BucketTransit(BucketLayout.Bucket bucket, GradientExchange exchange, TensorScope owned, BitSet reached) {
        this.bucket = bucket;
        this.owned = owned;
        this.reached = reached;
        ranks = exchange.ranks();
        parameters = bucket.places().stream().map(exchange.parameters()::get).toList();
    }

    BucketLayout.Bucket bucket() { return bucket; }

    /// Adds what is at these leaves, from the first lane to the last, and leaves none there.
    ///
    /// @param body does the sums, in any order
    void take(List<Weights> leaves, Consumer<List<GradientSum>> body) {
        settle();
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var into = memory();
            var sums = new ArrayList<GradientSum>();
            for (int i = 0; i < parameters.size(); i++) {
                var name = parameters.get(i).name();
                var arrived = leaves.stream().flatMap(lane -> Stream.ofNullable(lane.parameter(name).compute().grad())).toList();
                if (arrived.isEmpty()) continue;
                var sum = into.gradients.get(i);
                sums.add(new GradientSum(filled.get(i) ? Stream.concat(Stream.of(sum), arrived.stream()).toList() : arrived, sum));
                filled.set(i);
                reached.set(bucket.places().get(i));
            }
            body.accept(sums);
            parameters.forEach(parameter -> leaves.forEach(lane -> lane.parameter(parameter.name()).compute().clearGrad()));
        }
    }

    private Memory memory() {
        if (memory != null) return memory;
        var like = parameters.getFirst().master();
        long numbers = parameters.stream().mapToLong(parameter -> parameter.master().numel()).sum();
        var flat = owned.hold(Tensor.empty(like.dtype().wide(), like.device(), numbers));
        var gradients = new ArrayList<Tensor>();
        long at = 0;
        for (var parameter : parameters) {
            gradients.add(owned.hold(flat.narrow(0, at, parameter.master().numel()).view(parameter.master().shape())));
            at += parameter.master().numel();
        }
        return memory = new Memory(flat, gradients);
    }

    /// Zeros go for what has no gradient here.
    Pending send() {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var gone = memory();
            for (int i = filled.nextClearBit(0); i < parameters.size(); i = filled.nextClearBit(i + 1)) gone.gradients.get(i).zeroInPlace();
            pending = bucket.owner().isEmpty() ? ranks.beginSum(gone.flat) : ranks.beginSum(gone.flat, bucket.owner().getAsInt());
            return pending;
        }
    }

    /// Waits, if it is on its way. Where an owner alone gets the sums, it adds them to those of earlier micro-batches.
    void settle() {
        if (pending == null) return;
        pending.await();
        pending = null;
        if (bucket.owner().isEmpty()) return;
        var come = Objects.requireNonNull(memory);
        memory = null;
        filled.clear();
        if (!isOwn()) {
            come.free();
        } else if (total == null) {
            total = come;
        } else {
            try (var _ = Autograd.noGrad()) {
                total.flat.addInPlace(come.flat);
            }
            come.free();
        }
    }

    private boolean isOwn() { return bucket.owner().equals(OptionalInt.of(ranks.rank())); }

    /// By the parameters' places; none if another process has them.
    Map<Integer, Tensor> sums() {
        var sums = new LinkedHashMap<Integer, Tensor>();
        var here = bucket.owner().isEmpty() ? memory : total;
        if (here != null) {
            for (int i = 0; i < parameters.size(); i++) sums.put(bucket.places().get(i), here.gradients.get(i));
        }
        return sums;
    }
}
