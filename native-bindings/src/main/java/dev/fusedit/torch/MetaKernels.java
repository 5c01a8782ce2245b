package dev.fusedit.torch;

/// Ops that libtorch's C++ has no kernel for on [Device#META], where PyTorch has one in Python only: by others that have one, for the same
/// shape, dtype and graph.
///
/// | op | here |
/// |---|---|
/// | `embedding`, `index_select` | one row, seen as often as it is asked for, and copied |
/// | `roll` | a copy |
/// | `where` | a product |
/// | `log_sigmoid` | −log(1 + e⁻ˣ), as it is defined |
/// | `_fused_adamw_` | nothing: it changes tensors in place and makes none ([FusedAdamW]) |
final class MetaKernels {
    private MetaKernels() {}

    static Tensor indexSelect(Tensor source, int dim, long count) {
        return TensorScope.scoped(() -> {
            var shape = source.shape();
            shape[dim < 0 ? dim + shape.length : dim] = count;
            return source.narrow(dim, 0, 1).expand(shape).copy();
        });
    }

    static Tensor where(Tensor condition, Tensor yes, Tensor no) {
        return TensorScope.scoped(() -> {
            var both = yes.add(no);
            return both.mul(condition.to(both.dtype()));
        });
    }

    static Tensor logSigmoid(Tensor x) { return TensorScope.scoped(() -> x.neg().exp().log1p().neg()); }

    static Tensor roll(Tensor x) { return x.copy(); }

    static Tensor embedding(Tensor table_VM, Tensor ids) {
        return TensorScope.scoped(() -> {
            var shape = java.util.Arrays.copyOf(ids.shape(), ids.rank() + 1);
            shape[ids.rank()] = table_VM.size(1);
            return indexSelect(table_VM, 0, ids.numel()).view(shape);
        });
    }
}
