package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// What attention reads of a sequence.
///
/// @param keys (B, K, length, D)
/// @param values (B, K, length, D)
public record KeysValues(Tensor keys, Tensor values) implements TensorRecord<KeysValues> {
    @Override
    public Stream<Tensor> tensors() { return Stream.of(keys, values); }

    @Override
    public KeysValues replaced(UnaryOperator<Tensor> each) { return new KeysValues(each.apply(keys), each.apply(values)); }

    /// This sequence, then the other.
    public KeysValues concat(KeysValues next) { return new KeysValues(Tensor.cat(2, keys, next.keys), Tensor.cat(2, values, next.values)); }

    /// A part of the sequence: views.
    public KeysValues narrow(long first, long length) { return replaced(each -> each.narrow(2, first, length)); }

    /// The samples that an i64 vector names, in its order.
    public KeysValues rows(Tensor indices) { return new KeysValues(keys.indexSelect(0, indices), values.indexSelect(0, indices)); }
}
