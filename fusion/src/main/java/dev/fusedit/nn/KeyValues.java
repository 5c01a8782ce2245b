package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Keys and values: what attention reads of a sequence.
///
/// @param keys (B, K, length, D)
/// @param values (B, K, length, D)
public record KeyValues(Tensor keys, Tensor values) implements TensorRecord<KeyValues> {
    /// Two of a kind.
    public static KeyValues of(Supplier<Tensor> each) { return new KeyValues(each.get(), each.get()); }

    @Override
    public Stream<Tensor> tensors() { return Stream.of(keys, values); }

    @Override
    public KeyValues replaced(UnaryOperator<Tensor> each) { return new KeyValues(each.apply(keys), each.apply(values)); }

    /// This sequence, then the other.
    public KeyValues concat(KeyValues next) { return new KeyValues(Tensor.cat(2, keys, next.keys), Tensor.cat(2, values, next.values)); }

    /// The samples that an i64 vector names, in its order.
    public KeyValues rows(Tensor indices) { return new KeyValues(keys.indexSelect(0, indices), values.indexSelect(0, indices)); }
}
