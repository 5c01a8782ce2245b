package dev.fusedit.nn.ops;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// One op: what it reads, and how it is computed in each of three ways. All three give the same values up to rounding; [#inference] and
/// [#recorded] the same bits.
///
/// A new op is a record of its inputs that implements this, and a line in [Ops] if layers are to call it by a name.
///
/// @param <R> what it makes: a tensor or a record of them
public interface Op<R extends TensorRecord<R>> {
    /// What it is called where ops are counted and timed.
    default String name() { return getClass().getSimpleName(); }

    /// Everything that a gradient may flow to: values and parameters.
    Stream<Tensor> reads();

    /// The same op over other inputs: those values that a gradient flows to, each replaced. Parameters stay.
    Op<R> over(UnaryOperator<Tensor> each);

    /// The result alone: by one-pass kernels where they serve, else by libtorch's ops. No graph is built if gradients are off.
    R inference();

    /// The formula in libtorch's ops, which build their graph.
    R autograd();

    /// The result's shapes, and what it takes ([Count]).
    R counted(Count count);

    /// The result, and by [Recording#backward] or [Recording#backwardOfAll] how its gradient becomes that of what was read. Gradients are
    /// off meanwhile. An op without a backward of its own, for these inputs or at all, leaves it to libtorch ([Recording#byAutograd]).
    default R recorded(Recording recording) { return recording.byAutograd(this); }
}
