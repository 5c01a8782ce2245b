package dev.fusedit.torch;

import java.util.function.UnaryOperator;

/// Tensors that can be exchanged one by one for others: a tensor, or a record of them that knows how to make itself again.
public interface TensorRecord<R extends TensorRecord<R>> extends Tensors {
    /// The same record of other tensors, asked for in the order of [#tensors()].
    R replaced(UnaryOperator<Tensor> each);
}
