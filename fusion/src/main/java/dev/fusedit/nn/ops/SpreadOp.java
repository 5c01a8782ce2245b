package dev.fusedit.nn.ops;

import dev.fusedit.nn.PackedRows;
import dev.fusedit.torch.Tensor;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Packed tokens as rows of equal length, (1, K, S, D) → (B, K, T, D). Backward each token gets its own row's gradient; what stands for padding there
/// must not be read.
record SpreadOp(Tensor x_1KSD, PackedRows rows) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() { return Stream.of(x_1KSD); }

    @Override
    public SpreadOp over(UnaryOperator<Tensor> each) { return new SpreadOp(each.apply(x_1KSD), rows); }

    @Override
    public Tensor autograd() { return rows.spread(x_1KSD); }

    @Override
    public Tensor inference() { return rows.spread(x_1KSD); }

    @Override
    public Tensor counted(Count count) { return count.made(rows.batch(), x_1KSD.size(1), rows.tokens(), x_1KSD.size(3)); }

    @Override
    public Tensor recorded(Recording recording) {
        var dx = recording.gradient(x_1KSD);
        var rows = recording.keepAll(this.rows);
        recording.backward(dy -> {
            if (dx != null) dx.add(rows.pack(dy));
        });
        return inference();
    }
}
