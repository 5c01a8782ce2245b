package dev.fusedit.nn.ops;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Several tensors of one op, in order.
public record Parts(List<Tensor> list) implements TensorRecord<Parts> {
    public static Parts of(Tensor... tensors) { return new Parts(List.of(tensors)); }

    @Override
    public Stream<Tensor> tensors() { return list.stream(); }

    @Override
    public Parts replaced(UnaryOperator<Tensor> each) { return new Parts(list.stream().map(each).toList()); }
}
