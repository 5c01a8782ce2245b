package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// Cuts the graph at every border into pieces that end in leaves, and walks backward over them: what has arrived at a piece's leaves is
/// the gradient of its ends. A segment's ends were kept for that, or are made a second time; a piece that nothing arrives at is left out.
///
/// Notable: where a segment is run twice, its first run builds its graph too, which is dropped at once. So its results tell by themselves
/// whether any of them needs a gradient, and what is frozen costs nothing on the way back.
final class CutGraph implements GraphSegments {
    private sealed interface Piece permits Graph, ByHand {
        void backward();
    }

    /// @param ends of a graph
    /// @param leaves that stand for them
    private record Graph(Supplier<List<Tensor>> ends, List<Tensor> leaves) implements Piece {
        @Override
        public void backward() {
            var gradients = leaves.stream().map(Tensor::grad).toList();
            var reached = new ArrayList<Integer>();
            for (int i = 0; i < leaves.size(); i++) {
                if (gradients.get(i) != null) {
                    reached.add(i);
                }
            }
            if (!reached.isEmpty()) {
                var all = ends.get();
                Autograd.backward(reached.stream().map(all::get).toList(), reached.stream().map(gradients::get).toList());
            }
            leaves.forEach(Tensor::free);
        }
    }

    /// @param x what it was given, a leaf
    /// @param leaf that stands for its result
    private record ByHand(Supplier<Written.Run> runs, Tensor x, Tensor leaf) implements Piece {
        @Override
        public void backward() {
            var gradient = leaf.grad();
            leaf.free();
            try (var _ = Autograd.noGrad(); var run = runs.get()) {
                if (gradient != null) {
                    var arrived = run.backward(gradient);
                    if (x.requiresGrad()) {
                        Autograd.accumulate(x, arrived);
                    }
                }
            }
        }
    }

    private final boolean twice;
    private final TensorScope kept = TensorScope.holding();
    private final Deque<Piece> pieces = new ArrayDeque<>();
    private final List<Written.Run> runs = new ArrayList<>();
    private int byHand;
    private boolean over;

    /// @param twice whether each segment is computed again when its gradient is due
    CutGraph(boolean twice) { this.twice = twice; }

    @Override
    public <R extends TensorRecord<R>> R segment(Tensor x, Function<Tensor, R> body) {
        checkArgument(x.isLeaf(), "a segment's input must be a leaf: what a segment or a border gave");
        return TensorScope.scoped(() -> {
            var made = body.apply(x);
            var leaves = made.replaced(CutGraph::leaf);
            var input = own(x);
            var ends = twice ? List.<Tensor>of() : made.tensors().map(this::own).toList();
            add(() -> twice ? body.apply(input).tensors().toList() : ends, leaves.tensors().toList());
            return leaves;
        });
    }

    @Override
    public Tensor written(Tensor x, Written part, UnaryOperator<Tensor> body) {
        if (!Autograd.isEnabled() || !part.learns(x)) {
            return segment(x, body);
        }
        checkArgument(x.isLeaf(), "a segment's input must be a leaf: what a segment or a border gave");
        checkState(!over, "the backward pass is over");
        try (var scope = TensorScope.open(); var _ = Autograd.noGrad()) {
            var input = own(x); // the caller may free his
            var run = part.run(input);
            var leaf = scope.keep(run.result().detach().requiresGrad(true));
            byHand++;
            pieces.add(new ByHand(() -> twice ? part.run(input) : run, input, own(leaf)));
            if (twice) {
                run.close();
            } else {
                runs.add(run);
            }
            return leaf;
        }
    }

    @Override
    public int byHand() { return byHand; }

    @Override
    public <R extends TensorRecord<R>> R border(R made) {
        var ends = new ArrayList<Tensor>();
        var leaves = new ArrayList<Tensor>();
        var result = made.replaced(tensor -> {
            if (tensor.isLeaf()) {
                return tensor.anotherHandle();
            }
            ends.add(own(tensor));
            leaves.add(leaf(tensor));
            return leaves.getLast();
        });
        add(() -> ends, leaves);
        return hold(result);
    }

    private void add(Supplier<List<Tensor>> ends, List<Tensor> leaves) {
        checkState(!over, "the backward pass is over");
        if (leaves.stream().anyMatch(Tensor::requiresGrad)) {
            pieces.add(new Graph(ends, leaves.stream().map(this::own).toList()));
        }
    }

    private static Tensor leaf(Tensor made) { return made.detach().requiresGrad(made.requiresGrad()); }

    /// Another handle on the same tensor, so that whoever has the first may free it.
    private Tensor own(Tensor tensor) { return kept.hold(tensor.anotherHandle()); }

    @Override
    public Tensor branch(Tensor x) { return x.anotherHandle(); }

    @Override
    public <T extends Tensors> T hold(T read) { return kept.hold(read); }

    @Override
    public void backward(Tensor loss) {
        checkState(!over, "the backward pass is over");
        loss.backward();
        backward();
    }

    @Override
    public void backward() {
        checkState(!over, "the backward pass is over");
        over = true;
        try (var _ = Autograd.withGrad()) {
            while (!pieces.isEmpty()) {
                try (var _ = TensorScope.open()) {
                    pieces.removeLast().backward();
                }
            }
        }
    }

    @Override
    public void close() {
        runs.forEach(Written.Run::close);
        kept.close();
    }
}
