package dev.fusedit.trainer.step;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Losses where they were computed: f64, 0-dim, without their graphs. Sums in f64 have the bits that Java's have.
///
/// @param total the weighted sum
/// @param each by name, not weighted
public record LossTensors(Tensor total, Map<String, Tensor> each) implements Tensors {
    public LossTensors {
        each = ImmutableSortedMap.copyOf(each);
    }

    /// Of what a backward pass is done with. The innermost scope's.
    public static LossTensors of(Tensor total, Map<String, Tensor> each) {
        return TensorScope.scoped(() -> {
            var wide = ImmutableMap.<String, Tensor>builder();
            each.forEach((name, loss) -> wide.put(name, loss.detach().to(DType.F64)));
            return new LossTensors(total.detach().to(DType.F64), wide.buildOrThrow());
        });
    }

    /// Of numbers that Java knows.
    static LossTensors of(LossValues values, Device device) {
        var each = ImmutableMap.<String, Tensor>builder();
        values.each().forEach((name, value) -> each.put(name, Tensor.full(value, DType.F64, device)));
        return new LossTensors(Tensor.full(values.total(), DType.F64, device), each.buildOrThrow());
    }

    static LossTensors none(Device device) { return new LossTensors(Tensor.zeros(DType.F64, device), Map.of()); }

    /// Those of another part added.
    LossTensors plus(LossTensors other) {
        var sums = new TreeMap<>(each);
        other.each.forEach((name, loss) -> sums.merge(name, loss, Tensor::add));
        return new LossTensors(total.add(other.total), sums);
    }

    /// The numbers; waits for them.
    LossValues values() {
        var numbers = ImmutableMap.<String, Double>builder();
        each.forEach((name, loss) -> numbers.put(name, loss.item()));
        return new LossValues(total.item(), numbers.buildOrThrow());
    }

    @Override
    public Stream<Tensor> tensors() { return Stream.concat(Stream.of(total), each.values().stream()); }
}
