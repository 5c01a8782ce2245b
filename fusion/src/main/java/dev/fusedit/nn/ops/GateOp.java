package dev.fusedit.nn.ops;

import dev.fusedit.nn.GradientGate;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// The same values, of whose gradient a share passes: x̃ = x, ∂x = g · ∂x̃.
record GateOp<R extends TensorRecord<R>>(GradientGate gate, R x) implements Op<R> {
    @Override
    public Stream<Tensor> reads() { return x.tensors(); }

    @Override
    public GateOp<R> over(UnaryOperator<Tensor> each) { return new GateOp<>(gate, x.replaced(each)); }

    @Override
    public R autograd() { return x.replaced(gate::pass); }

    @Override
    public R inference() { return x; }

    @Override
    public R counted(Count count) { return x.replaced(each -> count.view(each, each.shape())); }

    @Override
    public R recorded(Recording recording) {
        var sums = reads().map(recording::gradient).toList();
        var kept = new GradientGate(gate.factor(), recording.keepNullable(gate.tokens_BT1()));
        recording.backwardOfAll(dys -> {
            for (int i = 0; i < sums.size(); i++) {
                var sum = sums.get(i);
                var dy = dys.get(i);
                if (sum != null && dy != null && !gate.isClosed()) {
                    sum.add(kept.share(dy));
                }
            }
        });
        return x.replaced(Tensor::detach); // values of their own, in the same memory
    }
}
