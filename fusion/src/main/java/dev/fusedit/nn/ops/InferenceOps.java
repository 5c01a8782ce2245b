package dev.fusedit.nn.ops;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/// Results alone.
final class InferenceOps implements Ops {
    @Override
    public <R extends TensorRecord<R>> R run(Op<R> op) {
        try (var _ = Autograd.noGrad()) {
            return TensorScope.scoped(op::inference);
        }
    }

    @Override
    public <A extends TensorRecord<A>, R extends TensorRecord<R>> R segment(A x, BiFunction<Ops, A, R> body) {
        return TensorScope.scoped(() -> body.apply(this, x));
    }

    @Override
    public <R extends TensorRecord<R>> R graph(Supplier<R> body) {
        try (var _ = Autograd.noGrad()) {
            return TensorScope.scoped(body);
        }
    }

    @Override
    public <T extends Tensors> T hold(T read) { return read; }
}
