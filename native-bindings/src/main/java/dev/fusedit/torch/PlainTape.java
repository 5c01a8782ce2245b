package dev.fusedit.torch;

import java.util.function.Function;
import java.util.function.UnaryOperator;

/// libtorch keeps the graph.
final class PlainTape implements Tape {
    @Override
    public <R extends TensorRecord<R>> R segment(Tensor x, Function<Tensor, R> body) { return body.apply(x); }

    @Override
    public Tensor custom(Tensor x, CustomFunction part, UnaryOperator<Tensor> body) { return body.apply(x); }

    @Override
    public int customFunctions() { return 0; }

    @Override
    public <R extends TensorRecord<R>> R boundary(R made) { return made; }

    /// A node of its own in the graph, which adds up what comes from behind it.
    @Override
    public Tensor fork(Tensor x) { return x.view(x.shape()); }

    @Override
    public <T extends Tensors> T hold(T read) { return read; }

    @Override
    public void backward(Tensor loss) { loss.backward(); }

    @Override
    public void backward() {}

    @Override
    public void close() {}
}
