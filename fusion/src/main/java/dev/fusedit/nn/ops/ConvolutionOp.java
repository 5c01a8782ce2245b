package dev.fusedit.nn.ops;

import dev.fusedit.nn.Conv2d;
import dev.fusedit.torch.Tensor;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// y = W ∗ x + b over images, see [Conv2d]. Its backward is libtorch's.
///
/// @param x (B, I, height, width)
record ConvolutionOp(Conv2d conv, Tensor x) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() { return Stream.of(x, conv.weight_OISS(), conv.bias_O()); }

    @Override
    public ConvolutionOp over(UnaryOperator<Tensor> each) { return new ConvolutionOp(conv, each.apply(x)); }

    @Override
    public Tensor autograd() { return conv.apply(x); }

    @Override
    public Tensor inference() { return conv.apply(x); }

    @Override
    public Tensor counted(Count count) {
        var weight = conv.weight_OISS();
        var made = count.made(x.size(0), weight.size(0), side(x.size(2)), side(x.size(3)));
        var once = Count.of((double) made.numel() / weight.size(0), weight);
        count.add(new Count.Matmul(once.rows(), once.in(), once.out(), 1 + (count.learns(x) ? 1 : 0) + (count.learns(weight) ? 1 : 0)));
        if (count.isRecorded()) {
            count.keep(x);
        }
        count.needs(Count.bytes(x) + 2 * Count.bytes(made)); // in the order of memory that oneDNN computes in
        return made;
    }

    private long side(long before) { return (before + 2L * conv.padding() - conv.weight_OISS().size(2)) / conv.stride() + 1; }
}
