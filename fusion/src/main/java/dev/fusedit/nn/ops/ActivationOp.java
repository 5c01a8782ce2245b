package dev.fusedit.nn.ops;

import dev.fusedit.nn.Activation;
import dev.fusedit.torch.Tensor;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// y = act(x). Its backward is libtorch's.
record ActivationOp(Activation activation, Tensor x) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() { return Stream.of(x); }

    @Override
    public ActivationOp over(UnaryOperator<Tensor> each) { return new ActivationOp(activation, each.apply(x)); }

    @Override
    public Tensor autograd() { return activation.apply(x); }

    @Override
    public Tensor inference() { return activation.apply(x); }

    @Override
    public Tensor counted(Count count) {
        count.keep(x);
        return count.made(x.shape());
    }
}
