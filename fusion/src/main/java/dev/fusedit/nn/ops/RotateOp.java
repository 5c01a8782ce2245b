package dev.fusedit.nn.ops;

import dev.fusedit.nn.Heads;
import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.fused.FusedHeads;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Heads rotated by their positions (RoPE): R x, and backward Rᵀ ∂y. For heads that are read without positions too; else see [HeadsOp].
///
/// @param x (B, H, N, D)
record RotateOp(Tensor x, RotaryTable rotary) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() { return Stream.of(x); }

    @Override
    public RotateOp over(UnaryOperator<Tensor> each) { return new RotateOp(each.apply(x), rotary); }

    @Override
    public Tensor autograd() { return rotary.apply(x); }

    private boolean byKernel() { return Fused.serves(x) && x.size(-1) % 2 == 0; }

    private static FusedHeads fused(long heads, RotaryTable rotary) {
        return new FusedHeads(Math.toIntExact(heads), null, 0, rotary.cos(), rotary.signedSin());
    }

    @Override
    public Tensor inference() {
        return byKernel() ? Heads.split(fused(x.size(1), rotary).forward(Heads.merge(x)), x.size(1)) : autograd();
    }

    @Override
    public Tensor counted(Count count) { return count.made(x.shape()); }

    @Override
    public Tensor recorded(Recording recording) {
        if (!byKernel()) {
            return recording.byAutograd(this);
        }
        var dx = recording.gradient(x);
        var kept = new RotaryTable(recording.keep(rotary.cos()), recording.keep(rotary.signedSin()));
        recording.backward(dy -> {
            if (dx != null) {
                var merged = Heads.merge(dy);
                var into = Tensor.empty(dy.dtype(), merged.shape());
                fused(dy.size(1), kept).backward(merged, merged, into);
                dx.add(Heads.split(into, dy.size(1)));
            }
        });
        return inference();
    }
}
