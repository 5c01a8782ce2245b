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

/// Cuts the graph at every boundary into pieces that end in detached leaves, and walks backward over them: the gradient of a piece's
/// leaves is that of its ends. A segment's ends were kept for that, or are computed a second time. A piece without a gradient is left out.
///
/// Notable: where a segment is run twice, its first run builds its graph too, which is dropped at once. So its results tell by themselves
/// whether any of them needs a gradient, and what is frozen costs nothing on the way back.
final class SegmentedTape implements Tape {
    private sealed interface Piece permits Graph, Custom {
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
    private record Custom(Supplier<CustomFunction.Node> nodes, Tensor x, Tensor leaf) implements Piece {
        @Override
        public void backward() {
            var gradOutput = leaf.grad();
            leaf.free();
            try (var _ = Autograd.noGrad(); var node = nodes.get()) {
                if (gradOutput != null) {
                    var gradInput = node.backward(gradOutput);
                    if (x.requiresGrad()) {
                        Autograd.accumulate(x, gradInput);
                    }
                }
            }
        }
    }

    private final boolean checkpointing;
    private final TensorScope kept = TensorScope.holding();
    private final Deque<Piece> pieces = new ArrayDeque<>();
    private final List<CustomFunction.Node> nodes = new ArrayList<>();
    private int customFunctions;
    private boolean over;

    /// @param checkpointing whether each segment is computed again when its gradient is due
    SegmentedTape(boolean checkpointing) { this.checkpointing = checkpointing; }

    @Override
    public <R extends TensorRecord<R>> R segment(Tensor x, Function<Tensor, R> body) {
        checkArgument(x.isLeaf(), "a segment's input must be a leaf: what a segment or a boundary gave");
        return TensorScope.scoped(() -> {
            var made = body.apply(x);
            var leaves = made.replaced(SegmentedTape::leaf);
            var input = own(x);
            var ends = checkpointing ? List.<Tensor>of() : made.tensors().map(this::own).toList();
            add(() -> checkpointing ? body.apply(input).tensors().toList() : ends, leaves.tensors().toList());
            return leaves;
        });
    }

    @Override
    public Tensor custom(Tensor x, CustomFunction part, UnaryOperator<Tensor> body) {
        if (!Autograd.isEnabled() || !part.requiresGrad(x)) {
            return segment(x, body);
        }
        checkArgument(x.isLeaf(), "a segment's input must be a leaf: what a segment or a boundary gave");
        checkState(!over, "the backward pass is over");
        try (var scope = TensorScope.open(); var _ = Autograd.noGrad()) {
            var input = own(x); // the caller may free its own handle
            var node = part.forward(input);
            var leaf = scope.keep(node.result().detach().requiresGrad(true));
            customFunctions++;
            pieces.add(new Custom(() -> checkpointing ? part.forward(input) : node, input, own(leaf)));
            if (checkpointing) {
                node.close();
            } else {
                nodes.add(node);
            }
            return leaf;
        }
    }

    @Override
    public int customFunctions() { return customFunctions; }

    @Override
    public <R extends TensorRecord<R>> R boundary(R made) {
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
    public Tensor fork(Tensor x) { return x.anotherHandle(); }

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
        nodes.forEach(CustomFunction.Node::close);
        kept.close();
    }
}
