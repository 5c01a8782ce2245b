package dev.fusedit.nn.ops;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// A function in libtorch's ops, whose gradient is libtorch's.
record MapOp<A extends TensorRecord<A>, R extends TensorRecord<R>>(A input, Function<A, R> function) implements Op<R> {
    @Override
    public Stream<Tensor> reads() { return input.tensors(); }

    @Override
    public MapOp<A, R> over(UnaryOperator<Tensor> each) { return new MapOp<>(input.replaced(each), function); }

    @Override
    public R autograd() { return function.apply(input); }

    @Override
    public R inference() { return function.apply(input); }
    /// Computed, since only the function knows its result's shapes.
    @Override
    public R counted(Count count) { return function.apply(input); }

}
