package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkState;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// Gradient checkpointing: a chain of segments that keeps only what flows between them, and computes each segment's inside a second
/// time when its gradient is due (Chen et al. 2016, arXiv 1604.06174). Gradients are bit-equal to those of the plain graph, as long
/// as a segment gives the same values twice.
///
///     try (var chain = CheckpointedChain.of(layers)) {
///         var y = chain.forward(x);       // no graph inside
///         loss(y).backward();             // ends at y, a leaf
///         chain.backward();               // goes on through the segments to x and to all weights they use
///     }
///
/// A segment may use any weights; what it uses of an earlier graph must be passed through the chain or be a leaf.
public final class CheckpointedChain implements AutoCloseable {
    private final List<UnaryOperator<Tensor>> segments;
    private final TensorScope kept = TensorScope.holding();
    /// The input of each segment, then the output.
    private final List<Tensor> borders = new ArrayList<>();
    private final List<Tensor> source = new ArrayList<>(1);

    private CheckpointedChain(List<UnaryOperator<Tensor>> segments) { this.segments = List.copyOf(segments); }

    public static CheckpointedChain of(List<UnaryOperator<Tensor>> segments) { return new CheckpointedChain(segments); }

    /// Runs all segments without a graph. The result is a leaf that collects the gradient which [#backward()] takes on; it belongs
    /// to the chain, and so it is freed with it.
    public Tensor forward(Tensor x) {
        checkState(borders.isEmpty(), "a chain runs forward once");
        source.add(x);
        try (var _ = Autograd.noGrad(); var _ = TensorScope.open()) {
            borders.add(kept.hold(x.detach()));
            for (var segment : segments) {
                borders.add(kept.hold(TensorScope.scoped(() -> segment.apply(borders.getLast()).detach())));
            }
        }
        return borders.getLast().requiresGrad(Autograd.isEnabled());
    }

    /// Carries the gradient from the output to everything that the segments and `x` depend on.
    ///
    /// @throws IllegalStateException if no gradient has arrived at the output
    public void backward() {
        try (var _ = TensorScope.open(); var _ = Autograd.withGrad()) {
            for (int i = segments.size() - 1; i >= 0; i--) {
                through(i);
            }
            var x = source.getFirst();
            if (x.requiresGrad()) {
                Autograd.backward(x, arrivedAt(0));
            }
        }
    }

    private void through(int index) {
        var gradient = arrivedAt(index + 1);
        var input = borders.get(index).requiresGrad(true);
        try (var _ = TensorScope.open()) {
            Autograd.backward(segments.get(index).apply(input), gradient);
        }
        borders.get(index + 1).free();
    }

    private Tensor arrivedAt(int border) {
        var gradient = borders.get(border).grad();
        checkState(gradient != null, "no gradient arrived at border %s of the chain: call backward() on a loss of its output first",
                border);
        return gradient;
    }

    /// Frees what was kept.
    @Override
    public void close() { kept.close(); }
}
