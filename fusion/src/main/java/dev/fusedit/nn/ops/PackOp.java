package dev.fusedit.nn.ops;

import dev.fusedit.nn.PackedRows;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Rows of equal length as packed tokens, (B, T, X) → (1, S, X), with zeros behind them. Backward padding gets none.
record PackOp(Tensor x_BTX, PackedRows rows) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() { return Stream.of(x_BTX); }

    @Override
    public PackOp over(UnaryOperator<Tensor> each) { return new PackOp(each.apply(x_BTX), rows); }

    @Override
    public Tensor autograd() { return TensorScope.scoped(() -> rows.pack(x_BTX.unsqueeze(1)).squeeze(1)); }

    @Override
    public Tensor inference() { return autograd(); }

    @Override
    public Tensor counted(Count count) { return count.made(1, rows.room(), x_BTX.size(2)); }

    @Override
    public Tensor recorded(Recording recording) {
        var dx = recording.gradient(x_BTX);
        var rows = recording.keepAll(this.rows);
        recording.backward(dy -> {
            if (dx != null) dx.add(rows.spreadOverZeros(dy.unsqueeze(1)).squeeze(1));
        });
        return inference();
    }
}
