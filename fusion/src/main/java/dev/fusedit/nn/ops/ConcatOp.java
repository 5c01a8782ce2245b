package dev.fusedit.nn.ops;

import dev.fusedit.nn.KeyValues;
import dev.fusedit.torch.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// [K₁; K₂], [V₁; V₂]: one sequence of keys and values, then another. Backward each gets its part.
record ConcatOp(KeyValues first, KeyValues next) implements Op<KeyValues> {
    @Override
    public Stream<Tensor> reads() { return Stream.concat(first.tensors(), next.tensors()); }

    @Override
    public ConcatOp over(UnaryOperator<Tensor> each) { return new ConcatOp(first.replaced(each), next.replaced(each)); }

    @Override
    public KeyValues autograd() { return first.concat(next); }

    @Override
    public KeyValues inference() { return first.concat(next); }

    @Override
    public KeyValues counted(Count count) {
        var keys = first.keys().shape();
        keys[2] += next.keys().size(2);
        return new KeyValues(count.made(keys), count.made(keys));
    }

    @Override
    public KeyValues recorded(Recording recording) {
        var sums = reads().map(recording::gradient).toList();
        long before = first.keys().size(2), after = next.keys().size(2);
        recording.backwardOfAll(dys -> {
            for (int i = 0; i < 2; i++) {
                part(sums.get(i), dys.get(i), 0, before);
                part(sums.get(2 + i), dys.get(i), before, after);
            }
        });
        return inference();
    }

    private static void part(@Nullable GradAccumulator sum, @Nullable Tensor dy, long start, long length) {
        if (sum != null && dy != null) {
            sum.add(dy.narrow(2, start, length));
        }
    }
}
