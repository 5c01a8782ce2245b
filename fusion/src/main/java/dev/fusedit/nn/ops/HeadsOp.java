package dev.fusedit.nn.ops;

import dev.fusedit.nn.Heads;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.fused.FusedHeads;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Queries, keys or values as attention takes them: split into heads, normed over a head's width (qk-norm), rotated by their positions (RoPE; Su et
/// al. 2021, arXiv 2104.09864), in one pass. Without norm and rotation a view.
///
/// @param x (B, N, H · D)
/// @param norm null for none
/// @param rotary null for none
record HeadsOp(Tensor x, int heads, @Nullable RmsNorm norm, @Nullable RotaryTable rotary) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() { return norm == null ? Stream.of(x) : Stream.of(x, norm.weight_C()); }

    @Override
    public HeadsOp over(UnaryOperator<Tensor> each) { return new HeadsOp(each.apply(x), heads, norm, rotary); }

    private boolean isView() { return norm == null && rotary == null; }

    private boolean byKernel() { return Fused.serves(x) && x.size(-1) / heads % 2 == 0; }

    @Override
    public Tensor autograd() {
        // normed as x is laid out: so the weight's gradient is summed in one order, whatever attention made of the layout
        var split = Heads.split(norm == null ? x : norm.perHead(x, heads), heads);
        return rotary == null ? split : rotary.apply(split);
    }

    @Override
    public Tensor inference() {
        return isView() ? Heads.split(x, heads) : byKernel() ? Heads.split(fused().forward(x), heads) : autograd();
    }

    private FusedHeads fused() {
        return new FusedHeads(heads, norm == null ? null : norm.gain(), norm == null ? 0 : norm.eps(), rotary == null ? null : rotary.cos(),
                rotary == null ? null : rotary.signedSin());
    }

    @Override
    public Tensor counted(Count count) {
        long[] shape = {x.size(0), heads, x.size(1), x.size(2) / heads};
        if (isView()) {
            return count.view(x, shape);
        }
        if (count.target().kernels()) {
            count.keep(x);
        } else if (norm != null) {
            count.keepOwn(x.numel() * (count.target().wide() + count.target().compute().bytes()));
        }
        return count.made(shape);
    }

    @Override
    public Tensor recorded(Recording recording) {
        if (!isView() && !byKernel()) {
            return recording.byAutograd(this);
        }
        var dx = recording.gradient(x);
        if (isView()) {
            recording.backward(dy -> {
                if (dx != null) {
                    var into = dx.room(dy.dtype(), dy.device(), shapeOf(dy));
                    into.copyInPlace(Heads.merge(dy));
                    dx.add(into);
                }
            });
            return inference();
        }
        var dWeight = norm == null ? null : recording.gradient(norm.weight_C());
        var x = recording.keep(this.x);
        var fused = fused();
        var kept = new FusedHeads(heads, recording.keepNullable(fused.gain_D()), fused.eps(), recording.keepNullable(fused.cos()),
                recording.keepNullable(fused.signedSin()));
        recording.backward(dy -> {
            var into = dx == null ? Tensor.empty(x.dtype(), x.shape()) : dx.room(x.dtype(), x.device(), x.shape());
            var gain = kept.backward(x, Heads.merge(dy), into);
            if (dx != null) {
                dx.add(into);
            }
            if (dWeight != null && gain != null && norm != null) {
                dWeight.add(gain.to(norm.weight_C().dtype()));
            }
        });
        return Heads.split(fused.forward(this.x), heads);
    }

    private static long[] shapeOf(Tensor dy_BHND) {
        return new long[] {dy_BHND.size(0), dy_BHND.size(2), dy_BHND.size(1) * dy_BHND.size(3)};
    }
}
