package dev.fusedit.nn.ops;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/// Nothing is computed, but counted: what a model's layers take is read off their own equation, over the shapes of weights
/// ([dev.fusedit.nn.Weights#shapes]). A weight counts as learned that requires a gradient.
///
///     var ops = new CountingOps(new Count.Target(DType.BF16, true, true));
///     layer.image(ops, ops.input(true, 8, 256, 1024), text, pass);
///     ops.count().flops();
public final class CountingOps implements Ops {
    private final Count count;

    public CountingOps(Count.Target target) { count = new Count(target); }

    public Count count() { return count; }

    /// A value to begin with.
    ///
    /// @param learned whether a gradient flows to it
    public Tensor input(boolean learned, long... shape) {
        var made = count.made(shape);
        return learned ? count.learn(made) : made;
    }

    @Override
    public <R extends TensorRecord<R>> R run(Op<R> op) { return count.run(op); }

    @Override
    public <A extends TensorRecord<A>, R extends TensorRecord<R>> R segment(A x, BiFunction<Ops, A, R> body) {
        return TensorScope.scoped(() -> body.apply(this, x));
    }

    @Override
    public <R extends TensorRecord<R>> R graph(Supplier<R> body) { return TensorScope.scoped(body); }

    @Override
    public <T extends Tensors> T hold(T read) { return read; }
}
