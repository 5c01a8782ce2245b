package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.Op;
import dev.fusedit.torch.internal.ops.Aten;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What neural networks are made of: products, norms, convolutions, losses.
abstract sealed class TensorLayers extends TensorShapes permits Tensor {
    /// Elements of a weight that is cast at once for a product: 64 MiB in f32.
    private static final long MOST_CAST = 1 << 24;

    TensorLayers(long handle) { super(handle); }

    public Tensor matmul(Tensor other) { return product(Aten.MATMUL, other); }

    /// Products of matrices in a batch: (B, N, M) × (B, M, P).
    public Tensor bmm(Tensor other) { return product(Aten.BMM, other); }

    private Tensor product(Op op, Tensor other) {
        var dtype = PathChoice.LINEAR.dtype(dtype(), device());
        return dtype == dtype() || other.dtype() != dtype() ? binary(op, other)
                : TensorScope.scoped(() -> self().to(dtype).binary(op, other.to(dtype)).to(dtype()));
    }

    /// x · weightᵀ + bias
    ///
    /// @param weight_OI (out, in)
    /// @param bias_O (out)
    public Tensor linear(Tensor weight_OI, @Nullable Tensor bias_O) {
        var dtype = PathChoice.LINEAR.dtype(dtype(), device());
        return dtype == dtype() || !areOf(dtype(), weight_OI, bias_O) ? plainLinear(weight_OI, bias_O)
                : TensorScope.scoped(() -> linearIn(dtype, weight_OI, bias_O).to(dtype()));
    }

    final Tensor plainLinear(Tensor weight_OI, @Nullable Tensor bias_O) {
        return own(Frame.begin(Aten.LINEAR).tensor(this).tensor(weight_OI).optionalTensor(bias_O).call());
    }

    /// A large weight without a gradient (a vocabulary's) is cast in parts, so that no copy of all of it is ever there.
    private Tensor linearIn(DType dtype, Tensor weight_OI, @Nullable Tensor bias_O) {
        var x = self().to(dtype);
        long outputs = weight_OI.size(0), each = Math.max(1, MOST_CAST / Math.max(1, weight_OI.size(-1)));
        if (outputs <= each || Autograd.isEnabled() && (self().requiresGrad() || weight_OI.requiresGrad())) {
            return x.plainLinear(weight_OI.to(dtype), bias_O == null ? null : bias_O.to(dtype));
        }
        var parts = new ArrayList<Tensor>();
        for (long first = 0; first < outputs; first += each) {
            long from = first, count = Math.min(each, outputs - first);
            parts.add(TensorScope.scoped(() -> x.plainLinear(weight_OI.narrow(0, from, count).to(dtype),
                    bias_O == null ? null : bias_O.narrow(0, from, count).to(dtype)).to(dtype())));
        }
        return Tensor.cat(-1, parts);
    }

    private static boolean areOf(DType dtype, Tensor weight, @Nullable Tensor bias) {
        return weight.dtype() == dtype && (bias == null || bias.dtype() == dtype);
    }

    /// Rows of this (V, M) table by i64 ids of any shape.
    public Tensor embedding(Tensor ids) {
        return own(Frame.begin(Aten.EMBEDDING).tensor(this).tensor(ids).i64(-1).bool(false).bool(false).call());
    }

    /// x / rms(x) · weight over the last dimensions, whose sizes are the weight's or `sizes`.
    public Tensor rmsNorm(@Nullable Tensor weight, double eps, long... sizes) {
        return own(Frame.begin(Aten.RMS_NORM).tensor(this).ints(sizes).optionalTensor(weight).optional(eps).call());
    }

    public Tensor layerNorm(@Nullable Tensor weight, @Nullable Tensor bias, double eps, long... sizes) {
        return own(Frame.begin(Aten.LAYER_NORM).tensor(this).ints(sizes).optionalTensor(weight)
                .optionalTensor(bias)
                .f64(eps).bool(true).call());
    }

    public Tensor groupNorm(int groups, @Nullable Tensor weight, @Nullable Tensor bias, double eps) {
        return own(Frame.begin(Aten.GROUP_NORM).tensor(this).i64(groups).optionalTensor(weight)
                .optionalTensor(bias)
                .f64(eps).bool(true).call());
    }

    /// Images (B, C, H, W) with kernels (O, C, h, w).
    public Tensor conv2d(Tensor weight, @Nullable Tensor bias, int stride, int padding) {
        var dtype = PathChoice.CONVOLUTION.dtype(dtype(), device());
        if (dtype != dtype() && areOf(dtype(), weight, bias)) {
            return TensorScope.scoped(
                    () -> self().to(dtype).conv2d(weight.to(dtype), bias == null ? null : bias.to(dtype), stride, padding).to(dtype()));
        }
        return own(Frame.begin(Aten.CONV2D).tensor(this).tensor(weight).optionalTensor(bias).ints(stride, stride)
                .ints(padding, padding).ints(1, 1).i64(1).call());
    }

    public Tensor avgPool2d(int kernel) {
        return own(Frame.begin(Aten.AVG_POOL2D).tensor(this).ints(kernel, kernel).ints(kernel, kernel).ints(0, 0).bool(false).bool(true)
                .none().call());
    }

    public Tensor upsampleNearest2d(long height, long width) {
        return own(Frame.begin(Aten.UPSAMPLE_NEAREST2D).tensor(this).ints(height, width).none().none().call());
    }

    /// Bilinear without aligned corners; `antialias` widens the filter when shrinking.
    public Tensor upsampleBilinear2d(long height, long width, boolean antialias) {
        var op = antialias ? Aten.UPSAMPLE_BILINEAR2D_AA : Aten.UPSAMPLE_BILINEAR2D;
        return own(Frame.begin(op).tensor(this).ints(height, width).bool(false).none().none().call());
    }

    public Tensor upsampleBicubic2d(long height, long width) {
        return own(Frame.begin(Aten.UPSAMPLE_BICUBIC2D).tensor(this).ints(height, width).bool(false).none().none().call());
    }

    /// Mean cross-entropy of logits (N, V) against i64 classes (N); rows of class `ignore` count for nothing.
    public Tensor crossEntropy(Tensor classes, long ignore) {
        return own(Frame.begin(Aten.CROSS_ENTROPY).tensor(this).tensor(classes).none().i64(1).i64(ignore).f64(0).call());
    }

    /// Mean squared difference.
    public Tensor mseLoss(Tensor target) { return own(Frame.begin(Aten.MSE_LOSS).tensor(this).tensor(target).i64(1).call()); }

    /// A sum of products by Einstein's convention: `einsum("bnd,bmd->bnm", q, k)`.
    public static Tensor einsum(String equation, Tensor... operands) {
        var own = operands[0].dtype();
        var dtype = PathChoice.LINEAR.dtype(own, operands[0].device());
        boolean cast = dtype != own && Arrays.stream(operands).allMatch(operand -> operand.dtype() == own);
        return TensorScope.scoped(() -> {
            var given = cast ? Arrays.stream(operands).map(operand -> operand.to(dtype)).toList() : List.of(operands);
            var result = own(Frame.begin(Aten.EINSUM).string(equation).tensors(given).none().call());
            return cast ? result.to(own) : result;
        });
    }
}
