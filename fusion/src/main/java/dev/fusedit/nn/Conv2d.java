package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// A convolution over images (B, I, height, width) with square kernels of side S, in the image's dtype.
///
/// @param padding zeros on every side
public record Conv2d(Tensor weight_OISS, Tensor bias_O, int stride, int padding) {
    public static Conv2d of(Weights weights, long in, long out, int side, int stride, int padding) {
        return of(weights, Init.XAVIER, in, out, side, stride, padding);
    }

    private static Conv2d of(Weights weights, Init init, long in, long out, int side, int stride, int padding) {
        return new Conv2d(weights.get("weight", init, out, in, side, side), weights.get("bias", Init.ZEROS, out), stride, padding);
    }

    /// A 3 × 3 kernel that keeps the image's size.
    public static Conv2d same(Weights weights, long in, long out) { return same(weights, Init.XAVIER, in, out); }

    /// As [#same(Weights, long, long)].
    ///
    /// @param init of the kernel
    public static Conv2d same(Weights weights, Init init, long in, long out) { return of(weights, init, in, out, 3, 1, 1); }

    /// A 1 × 1 kernel: a linear layer over channels.
    public static Conv2d pointwise(Weights weights, long in, long out) { return of(weights, in, out, 1, 1, 0); }

    public Tensor apply(Tensor x) {
        return TensorScope.scoped(() -> x.conv2d(weight_OISS.to(x.dtype()), bias_O.to(x.dtype()), stride, padding));
    }
}
