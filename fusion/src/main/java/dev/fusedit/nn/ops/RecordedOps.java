package dev.fusedit.nn.ops;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.ImmutableMultiset;
import com.google.common.collect.Multiset;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Records ops on a tape, for one backward pass. Each op has its backward beside its forward and keeps only what that reads; what has none is
/// left to libtorch's graph, so every device and dtype is served. With activation checkpointing (also called gradient checkpointing; Chen et al.
/// 2016, arXiv 1604.06174) a segment's ops are recorded anew when its gradient is due. Gradients have the same bits either way.
///
///     try (var ops = RecordedOps.of(checkpointing)) {
///         var x = ops.graph(() -> embed(input));
///         for (var layer : layers) x = ops.segment(x, layer::forward);
///         ops.backward(loss(x), parameter -> {});
///     }
///
/// Between ops a value's gradient is held here; what segments and graphs give is a leaf of libtorch's, so that a loss may be built on it with
/// any of libtorch's ops. Inside a segment a value must go through ops alone: another function's result has no gradient.
///
/// For the thread that made it; to be closed after the backward pass.
public final class RecordedOps implements Ops, AutoCloseable {
    private final boolean checkpointing;
    private final boolean keeping;
    private final TensorScope kept = TensorScope.holding();
    private final Deque<Entry> tape = new ArrayDeque<>();
    private final Map<Tensor, GradAccumulator> accumulators = new IdentityHashMap<>();
    private final Map<Tensor, Integer> parameters = new IdentityHashMap<>();
    private final Multiset<String> ownBackward = HashMultiset.create();
    private final Multiset<String> leftToAutograd = HashMultiset.create();
    private boolean over;

    /// A step of the backward pass.
    ///
    /// @param parameters that it brings a gradient to
    private record Entry(Runnable backward, Runnable close, Set<Tensor> parameters) {}

    private RecordedOps(boolean checkpointing, boolean keeping) {
        this.checkpointing = checkpointing;
        this.keeping = keeping;
    }

    /// @param checkpointing whether segments are computed again for their gradient, instead of keeping what their ops need
    public static RecordedOps of(boolean checkpointing) { return new RecordedOps(checkpointing, true); }

    /// Finds out what needs a gradient and keeps nothing.
    private static RecordedOps probe() { return new RecordedOps(false, false); }

    boolean keeps() { return keeping; }

    /// Ops so far with a backward of their own, by their names.
    public ImmutableMultiset<String> ownBackward() { return ImmutableMultiset.copyOf(ownBackward); }

    /// Ops so far that were left to libtorch's graph.
    public ImmutableMultiset<String> leftToAutograd() { return ImmutableMultiset.copyOf(leftToAutograd); }

    // ---- forward

    @Override
    public <R extends TensorRecord<R>> R run(Op<R> op) {
        if (!Autograd.isEnabled() || op.reads().map(this::accumulator).filter(Objects::nonNull).count() == 0) {
            return INFERENCE.run(op);
        }
        checkState(!over, "the backward pass is over");
        var recording = new Recording(this);
        try (var _ = Autograd.noGrad()) {
            R made = TensorScope.scoped(() -> op.recorded(recording));
            recording.results(made.tensors().map(this::value).toList());
            (recording.isByAutograd() ? leftToAutograd : ownBackward).add(op.name());
            add(new Entry(recording::run, recording::close, parameters(op.reads().toList())));
            return made;
        } catch (RuntimeException e) { // memory may end anywhere
            recording.close();
            throw e;
        }
    }

    /// Where the gradient of a value, of what this gave, or of a parameter goes; null if it needs none.
    @Nullable
    GradAccumulator accumulator(Tensor read) {
        var known = accumulators.get(read);
        if (known == null && read.requiresGrad()) {
            checkArgument(read.isLeaf(), "an op reads what another graph made: hand it over by graph()");
            known = new GradAccumulator.Leaf(read);
            accumulators.put(read, known);
            parameters.put(read, 0);
        }
        return known;
    }

    private GradAccumulator.Value value(Tensor made) {
        var value = new GradAccumulator.Value(kept);
        accumulators.put(made, value);
        return value;
    }

    private Set<Tensor> parameters(Iterable<Tensor> read) {
        Set<Tensor> found = Collections.newSetFromMap(new IdentityHashMap<>());
        read.forEach(tensor -> {
            if (parameters.containsKey(tensor)) {
                found.add(tensor);
            }
        });
        return found;
    }

    private void add(Entry entry) {
        entry.parameters().forEach(parameter -> parameters.merge(parameter, 1, Integer::sum));
        if (keeping) {
            tape.add(entry);
        } else {
            entry.close().run();
        }
    }

    @Override
    public <A extends TensorRecord<A>, R extends TensorRecord<R>> R segment(A x, BiFunction<Ops, A, R> body) {
        if (!Autograd.isEnabled()) {
            return INFERENCE.segment(x, body);
        }
        return checkpointing ? checkpoint(x, body) : TensorScope.scoped(() -> given(body.apply(this, x)));
    }

    /// The results as leaves; what comes to those is their values' gradient.
    private <R extends TensorRecord<R>> R given(R made) {
        return made.replaced(tensor -> {
            if (!(accumulators.get(tensor) instanceof GradAccumulator.Value value)) {
                return tensor;
            }
            var own = kept.hold(tensor.detach().requiresGrad(true));
            add(new Entry(() -> {
                try (var _ = TensorScope.open()) {
                    var gradient = own.grad();
                    own.free();
                    if (gradient != null) {
                        value.add(gradient);
                    }
                }
            }, () -> {}, Set.of()));
            return leaf(own);
        });
    }

    /// A handle of the caller's on a leaf of ours.
    private Tensor leaf(Tensor own) {
        var handle = own.anotherHandle();
        accumulators.put(handle, new GradAccumulator.Leaf(own));
        return handle;
    }

    private <A extends TensorRecord<A>, R extends TensorRecord<R>> R checkpoint(A x, BiFunction<Ops, A, R> body) {
        A own = x.replaced(this::another);
        return TensorScope.scoped(() -> {
            try (var probe = probe()) {
                var leaves = new ArrayList<@Nullable Tensor>();
                R result = body.apply(probe, x).replaced(tensor -> {
                    boolean needed = probe.accumulators.get(tensor) instanceof GradAccumulator.Value;
                    leaves.add(needed ? kept.hold(tensor.detach().requiresGrad(true)) : null);
                    return needed ? leaf(leaves.getLast()) : tensor;
                });
                ownBackward.addAll(probe.ownBackward);
                leftToAutograd.addAll(probe.leftToAutograd);
                probe.parameters.keySet().forEach(this::accumulator);
                add(new Entry(() -> again(own, body, leaves), () -> {}, parameters(probe.parameters.keySet())));
                return result;
            }
        });
    }

    private static <A extends TensorRecord<A>, R extends TensorRecord<R>> void again(A x, BiFunction<Ops, A, R> body,
            List<@Nullable Tensor> leaves) {
        try (var _ = TensorScope.open(); var ops = of(false)) {
            var gradients = leaves.stream().map(leaf -> leaf == null ? null : leaf.grad()).toList();
            leaves.stream().filter(Objects::nonNull).forEach(Tensor::free);
            if (gradients.stream().allMatch(Objects::isNull)) {
                return;
            }
            var made = body.apply(ops, x).tensors().toList();
            for (int i = 0; i < gradients.size(); i++) {
                var gradient = gradients.get(i);
                if (gradient != null) {
                    Objects.requireNonNull(ops.accumulators.get(made.get(i))).add(gradient);
                }
            }
            ops.walk(WholeGradients.UNTOLD);
        }
    }

    /// Another handle of our own on what is read later.
    private Tensor another(Tensor read) {
        var own = kept.hold(read.anotherHandle());
        var known = accumulators.get(read);
        if (known != null) {
            accumulators.put(own, known);
        }
        return own;
    }

    @Override
    public <R extends TensorRecord<R>> R graph(Supplier<R> body) {
        if (!Autograd.isEnabled()) {
            return INFERENCE.graph(body);
        }
        return TensorScope.scoped(() -> {
            var ends = new ArrayList<Tensor>();
            var leaves = new ArrayList<Tensor>();
            R result = body.get().replaced(tensor -> {
                if (!tensor.requiresGrad() || accumulators.containsKey(tensor)) {
                    return tensor;
                }
                ends.add(kept.hold(tensor.anotherHandle()));
                leaves.add(kept.hold(tensor.detach().requiresGrad(true)));
                return leaf(leaves.getLast());
            });
            if (!ends.isEmpty()) {
                add(new Entry(() -> {
                    try (var _ = TensorScope.open()) {
                        Recording.backward(ends, leaves.stream().map(Tensor::grad).toList());
                        leaves.forEach(Tensor::free);
                        ends.forEach(Tensor::free);
                    }
                }, () -> {}, Set.of()));
            }
            return result;
        });
    }

    @Override
    public <T extends Tensors> T hold(T read) { return checkpointing ? kept.hold(read) : read; }

    // ---- backward

    /// The gradients of a loss on anything that this gave, for all parameters. Once; losses are added up before.
    ///
    /// @param complete is told each parameter that recorded ops read. Other parameters' gradients (embeddings, what a loss reads itself)
    ///        are whole at the end
    public void backward(Tensor loss, WholeGradients complete) {
        checkState(!over, "the backward pass is over");
        complete.begin(this::order);
        loss.backward();
        walk(complete);
    }

    /// Parameters in the order in which the walk is done with them.
    private List<Tensor> order() {
        var order = new ArrayList<Tensor>();
        var left = new IdentityHashMap<>(parameters);
        tape.descendingIterator().forEachRemaining(entry -> entry.parameters().forEach(parameter -> {
            if (left.merge(parameter, -1, Integer::sum) == 0) order.add(parameter);
        }));
        return order;
    }

    private void walk(WholeGradients complete) {
        checkState(!over, "the backward pass is over");
        over = true;
        try (var _ = Autograd.withGrad()) {
            while (!tape.isEmpty()) {
                var entry = tape.removeLast();
                entry.backward().run();
                for (var parameter : entry.parameters()) {
                    if (parameters.merge(parameter, -1, Integer::sum) == 0) {
                        complete.whole(parameter);
                    }
                }
            }
        }
    }

    /// Frees what was kept.
    @Override
    public void close() {
        tape.forEach(entry -> entry.close().run());
        tape.clear();
        kept.close();
    }
}
