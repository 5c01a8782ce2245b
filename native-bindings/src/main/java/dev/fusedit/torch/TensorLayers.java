package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.ops.Aten;
import org.jspecify.annotations.Nullable;

/// What neural networks are made of: products, norms, convolutions, losses.
abstract sealed class TensorLayers extends TensorShapes permits Tensor {
    TensorLayers(long handle) { super(handle); }

    public Tensor matmul(Tensor other) { return binary(Aten.MATMUL, other); }

    /// Products of matrices in a batch: (B, N, M) × (B, M, P).
    public Tensor bmm(Tensor other) { return binary(Aten.BMM, other); }

    /// x · weightᵀ + bias
    ///
    /// @param weight_OI (out, in)
    /// @param bias_O (out)
    public Tensor linear(Tensor weight_OI, @Nullable Tensor bias_O) {
        var dtype = PathChoice.LINEAR.dtype(dtype(), device());
        if (dtype != dtype()) {
            return TensorScope
                    .scoped(() -> self().to(dtype).linear(weight_OI.to(dtype), bias_O == null ? null : bias_O.to(dtype)).to(dtype()));
        }
        return own(Frame.begin(Aten.LINEAR).tensor(handle).tensor(weight_OI.handle).optionalTensor(handleOrNone(bias_O)).call());
    }

    /// Rows of this (V, M) table by i64 ids of any shape.
    public Tensor embedding(Tensor ids) {
        return own(Frame.begin(Aten.EMBEDDING).tensor(handle).tensor(ids.handle).i64(-1).bool(false).bool(false).call());
    }

    /// x / rms(x) · weight over the last dimensions, whose sizes are the weight's or `sizes`.
    public Tensor rmsNorm(@Nullable Tensor weight, double eps, long... sizes) {
        return own(Frame.begin(Aten.RMS_NORM).tensor(handle).ints(sizes).optionalTensor(handleOrNone(weight)).optional(eps).call());
    }

    public Tensor layerNorm(@Nullable Tensor weight, @Nullable Tensor bias, double eps, long... sizes) {
        return own(Frame.begin(Aten.LAYER_NORM).tensor(handle).ints(sizes).optionalTensor(handleOrNone(weight))
                .optionalTensor(handleOrNone(bias))
                .f64(eps).bool(true).call());
    }

    public Tensor groupNorm(int groups, @Nullable Tensor weight, @Nullable Tensor bias, double eps) {
        return own(Frame.begin(Aten.GROUP_NORM).tensor(handle).i64(groups).optionalTensor(handleOrNone(weight))
                .optionalTensor(handleOrNone(bias))
                .f64(eps).bool(true).call());
    }

    /// Images (B, C, H, W) with kernels (O, C, h, w).
    public Tensor conv2d(Tensor weight, @Nullable Tensor bias, int stride, int padding) {
        var dtype = PathChoice.CONVOLUTION.dtype(dtype(), device());
        if (dtype != dtype()) {
            return TensorScope.scoped(
                    () -> self().to(dtype).conv2d(weight.to(dtype), bias == null ? null : bias.to(dtype), stride, padding).to(dtype()));
        }
        return own(Frame.begin(Aten.CONV2D).tensor(handle).tensor(weight.handle).optionalTensor(handleOrNone(bias)).ints(stride, stride)
                .ints(padding, padding).ints(1, 1).i64(1).call());
    }

    public Tensor avgPool2d(int kernel) {
        return own(Frame.begin(Aten.AVG_POOL2D).tensor(handle).ints(kernel, kernel).ints(kernel, kernel).ints(0, 0).bool(false).bool(true)
                .none().call());
    }

    public Tensor upsampleNearest2d(long height, long width) {
        return own(Frame.begin(Aten.UPSAMPLE_NEAREST2D).tensor(handle).ints(height, width).none().none().call());
    }

    /// Bilinear without aligned corners; `antialias` widens the filter when shrinking.
    public Tensor upsampleBilinear2d(long height, long width, boolean antialias) {
        var op = antialias ? Aten.UPSAMPLE_BILINEAR2D_AA : Aten.UPSAMPLE_BILINEAR2D;
        return own(Frame.begin(op).tensor(handle).ints(height, width).bool(false).none().none().call());
    }

    public Tensor upsampleBicubic2d(long height, long width) {
        return own(Frame.begin(Aten.UPSAMPLE_BICUBIC2D).tensor(handle).ints(height, width).bool(false).none().none().call());
    }

    /// Mean cross-entropy of logits (N, V) against i64 classes (N); rows of class `ignore` count for nothing.
    public Tensor crossEntropy(Tensor classes, long ignore) {
        return own(Frame.begin(Aten.CROSS_ENTROPY).tensor(handle).tensor(classes.handle).none().i64(1).i64(ignore).f64(0).call());
    }

    /// Mean squared difference.
    public Tensor mseLoss(Tensor target) { return own(Frame.begin(Aten.MSE_LOSS).tensor(handle).tensor(target.handle).i64(1).call()); }

    /// A sum of products by Einstein's convention: `einsum("bnd,bmd->bnm", q, k)`.
    public static Tensor einsum(String equation, Tensor... operands) {
        return own(Frame.begin(Aten.EINSUM).string(equation).tensors(handles(java.util.List.of(operands))).none().call());
    }
}
