package dev.fusedit.nn.ops;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/// libtorch keeps the graph.
final class AutogradOps implements Ops {
    @Override
    public <R extends TensorRecord<R>> R run(Op<R> op) {
        boolean graph = Autograd.isEnabled() && op.reads().anyMatch(Tensor::requiresGrad);
        return TensorScope.scoped(graph ? op::autograd : op::inference);
    }

    @Override
    public <A extends TensorRecord<A>, R extends TensorRecord<R>> R segment(A x, BiFunction<Ops, A, R> body) {
        return TensorScope.scoped(() -> body.apply(this, x));
    }

    @Override
    public <R extends TensorRecord<R>> R graph(Supplier<R> body) { return TensorScope.scoped(body); }

    @Override
    public <T extends Tensors> T hold(T read) { return read; }
}
